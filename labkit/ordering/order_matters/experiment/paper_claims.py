"""The paper's claims, read off the measurements."""

from collections.abc import Sequence

from labkit.experiment import Claim, Measurements
from labkit.ordering.order_matters.experiment.settings import OrderSettings


def _minus(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def _over(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    return tuple(x / y for x, y in zip(a, b, strict=True))


def claims(found: Measurements, settings: OrderSettings) -> list[Claim]:
    """The paper's claims, read off the measurements."""
    made = _sorting(found, settings) + _orders(found, settings)
    if found.has("set_sorting"):
        at = {"stage": "set_sorting", "metric": "accuracy"}
        made.append(
            Claim(
                statement="Sorting with the answer as a set never catches up with a fixed order",
                reported="section 5.2.2: n = 5 in random orders never reaches the fixed order's accuracy",
                quantity="accuracy with a fixed order of the pairs - with random orders",
                values=_minus(found.per_seed(**at, order="fixed"), found.per_seed(**at, order="random")),
                relation=">=",
                threshold=0.2,
                note="An answer is five of the 25 pairs (element, rank); any order of the five counts as right.",
            )
        )
    return made


def _sorting(found: Measurements, settings: OrderSettings) -> list[Claim]:
    def accuracy(model: str, glimpses: int = 0, n: int = 5) -> tuple[float, ...]:
        return found.per_seed(stage="sorting", metric="accuracy", model=model, glimpses=glimpses, n=n)

    made = [
        Claim(
            statement="Without a process step, and without glimpses, a set encoder is worse than an LSTM",
            reported="Table 1, N = 5: P = 0 65%, Ptr-Net 81%",
            quantity="accuracy of P = 0 - of Ptr-Net, N = 5, no glimpse",
            values=_minus(accuracy("P = 0"), accuracy("Ptr-Net")),
            relation="<",
            threshold=0.0,
        )
    ]
    models = {(s.n, s.steps, s.glimpses) for s in settings.sorters if s.encoder == "set"}
    if (5, 1, 0) not in models or (5, 10, 1) not in models:
        return made
    steps = (0, 1, 5, 10)
    gains = [_minus(accuracy(f"P = {p}", 1), accuracy(f"P = {p}")) for p in steps]
    return [
        *made,
        Claim(
            statement="One process step is worth much",
            reported="Table 1, N = 5: P = 1 84%, P = 0 65%",
            quantity="accuracy of P = 1 - of P = 0, N = 5, no glimpse",
            values=_minus(accuracy("P = 1"), accuracy("P = 0")),
            relation=">=",
            threshold=0.15,
        ),
        Claim(
            statement="The set encoder beats the LSTM that reads in order",
            reported="Table 1, N = 5: P = 5 88%, Ptr-Net 81%",
            quantity="accuracy of P = 5 - of Ptr-Net, N = 5, no glimpse",
            values=_minus(accuracy("P = 5"), accuracy("Ptr-Net")),
            relation=">=",
            threshold=0.0,
        ),
        Claim(
            statement="More steps help",
            reported="Table 1, N = 5: P = 10 90%, P = 1 84%",
            quantity="accuracy of P = 10 - of P = 1, N = 5, no glimpse",
            values=_minus(accuracy("P = 10"), accuracy("P = 1")),
            note="Reported, not judged.",
        ),
        Claim(
            statement="A glimpse helps at every number of steps",
            reported="Table 1, N = 5: 84, 92, 94, 94% with a glimpse; 65, 84, 88, 90% without",
            quantity="smallest gain in accuracy by a glimpse over P = 0, 1, 5, 10",
            values=tuple(min(values) for values in zip(*gains, strict=True)),
            relation=">=",
            threshold=0.0,
        ),
        Claim(
            statement="More numbers are harder to sort",
            reported="Table 1, P = 5 with a glimpse: N = 5 94%, N = 10 57%",
            quantity="accuracy at N = 10 - at N = 5, P = 5 with a glimpse",
            values=_minus(accuracy("P = 5", 1, 10), accuracy("P = 5", 1, 5)),
            relation="<",
            threshold=0.0,
        ),
        Claim(
            statement="A read that replaces the query stalls the set model",
            reported="not in the paper, whose text can be read either way",
            quantity="accuracy of a replacing glimpse - of an adding one, P = 5, N = 5",
            values=_minus(accuracy("P = 5, replacing", 1), accuracy("P = 5", 1)),
        ),
    ]


def _orders(found: Measurements, settings: OrderSettings) -> list[Claim]:
    def star(order: str, **about) -> tuple[float, ...]:
        return found.per_seed(stage="stars", metric="nll", order=order, **about)

    few = sorted({s.samples for s in settings.stars if s.samples <= 1000 and s.peakiness == 2.0})
    scarce = {"samples": few, "peakiness": 2.0, "variables": 10}
    made = [
        Claim(
            statement="A star model is learned more easily from its head",
            reported="section 5.1.3: head first is always better with few samples; not quantified",
            quantity=f"test nats a set, head last - head first, {' and '.join(map(str, few))} samples",
            values=_minus(star("head last", **scarce), star("head first", **scarce)),
            relation=">",
            threshold=0.0,
            note=f"Each value is the mean over {settings.replicates} models drawn anew.",
        )
    ]
    if any(s.peakiness == 20.0 for s in settings.stars):
        sure = {"peakiness": 20.0, "samples": 1000, "variables": 10}
        made.append(
            Claim(
                statement="... but not where the tables are nearly deterministic",
                reported="section 5.1.3: equal for peaky tables",
                quantity="|head last - head first| in nats at peakiness 20",
                values=tuple(abs(v) for v in _minus(star("head last", **sure), star("head first", **sure))),
                relation="<",
                threshold=0.1,
            )
        )
    if any(s.samples == 20_000 for s in settings.stars):
        plenty = {"samples": 20_000, "peakiness": 2.0, "variables": 10}
        made.append(
            Claim(
                statement="... nor with plenty of data",
                reported="section 5.1.3: equal for 20 000 samples after 10 000 iterations",
                quantity="nats a set, head last - head first, 20 000 samples",
                values=_minus(star("head last", **plenty), star("head first", **plenty)),
                note=f"After {settings.star_steps} steps, far from convergence: reported, not judged.",
            )
        )

    def perplexity(model: str, of: str = "order") -> tuple[float, ...]:
        return found.per_seed(stage="grams", metric="perplexity", model=model, of=of)

    natural = found.where(stage="grams", metric="share", model="easy", order="12345")
    shares = natural.groupby("seed")["value"].sum()
    seeds = sorted(found.where(stage="grams", metric="perplexity", model="easy")["seed"].unique())
    made += [
        Claim(
            statement="A bad order of the words costs",
            reported="Table 2: (1,2,3,4,5) 225, (5,1,3,4,2) 280, a ratio of 1.24",
            quantity="perplexity of five-grams, bad order / natural order",
            values=_over(perplexity("bad"), perplexity("natural")),
            relation=">=",
            threshold=1.04,
        ),
        Claim(
            statement="Given the choice of the two, the search finds the good one",
            reported="Table 2, Easy: 225, that of the natural order",
            quantity="share of test five-grams whose best order is the natural one",
            values=tuple(float(shares.get(seed, 0.0)) for seed in seeds),
            relation=">",
            threshold=0.9,
        ),
    ]
    if "hard" not in settings.grams:
        return made
    top = found.where(stage="grams", metric="share", model="hard")
    both = [float({"12345", "54321"} <= set(rows["order"])) for _, rows in top.groupby("seed")]
    first = found.where(stage="grams", metric="share", model="max at once", rank=0)
    different = float(first.groupby("seed")["order"].first().nunique())
    return [
        *made,
        Claim(
            statement="Among all 120 orders, the natural and the reversed one emerge",
            reported="section 5.2.1: the hard run settles on (1,2,3,4,5), (5,4,3,2,1) and near variants",
            quantity="1 where both are among the five most frequent best orders",
            values=tuple(both),
            relation=">=",
            threshold=1.0,
        ),
        Claim(
            statement="The search among all orders reaches the natural order's perplexity",
            reported="Table 2, Hard: 225, as the natural order",
            quantity="set perplexity of the search / perplexity of the natural order",
            values=_over(perplexity("hard", "set"), perplexity("natural")),
            note="700 steps, 150 of them in random orders, not 10 000. By the set's probability (the sum over orders).",
        ),
        Claim(
            statement="Never leaving random orders is worse",
            reported="section 5.2: random orders alone train worse; not quantified",
            quantity="best-order perplexity, always random / search",
            values=_over(perplexity("uniform"), perplexity("hard")),
            relation=">",
            threshold=1.0,
        ),
        Claim(
            statement="Taking the maximum at once locks onto an arbitrary order",
            reported="section 5.2: it locks onto the order that the start favours; not quantified",
            quantity="different favourite orders over the seeds (the same figure for each)",
            values=(different,) * first["seed"].nunique(),
            relation=">=",
            threshold=2.0,
            note="With one seed there can only be one." if first["seed"].nunique() < 2 else "",
        ),
    ]
