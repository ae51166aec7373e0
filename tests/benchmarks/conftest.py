"""One fixture for benchmarks: a method against its baseline, in the same run on one core."""

import time

import pytest
import torch


@pytest.fixture
def race(benchmark, request):
    """`race(fast, slow, goal)` times both, stores seconds and their ratio in extra_info, and prints a line.

    Each is called once before it is timed; the ratio is between the best of five fast runs and of `rounds`
    slow ones. Nothing is asserted: a goal that is missed is printed as missed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def run(fast, slow, goal=None, rounds=3, baseline="baseline"):
        slow()
        seconds = []
        for _ in range(rounds):
            start = time.perf_counter()
            slow()
            seconds.append(time.perf_counter() - start)
        benchmark.pedantic(fast, rounds=5, iterations=1, warmup_rounds=1)
        if benchmark.disabled:
            return
        best = benchmark.stats.stats.min
        ratio = min(seconds) / best
        info = {"baseline": baseline, "baseline_seconds": min(seconds), "ratio": ratio, "goal": goal}
        benchmark.extra_info.update(info)
        verdict = "" if goal is None else f" (goal {goal}: {'met' if ratio >= goal else 'missed'})"
        times = f"{best:.4f} s, {baseline} {min(seconds):.4f} s"
        print(f"\n{request.node.name}: {times}, {ratio:.1f} times{verdict}")

    yield run
    torch.set_num_threads(threads)
