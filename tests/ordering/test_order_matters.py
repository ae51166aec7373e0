"""Order Matters: the truths of the process block, of orders and sets, and of linear forms."""

import itertools
import math

import pytest
import torch
from scipy.stats import chisquare

from labkit.ordering.order_matters.data import (
    MarkovText,
    StarModel,
    as_pairs,
    five_grams,
    pairs_of,
    sorting_batch,
)
from labkit.ordering.order_matters.method import (
    OrderSearch,
    ProcessBlock,
    ReadProcessWrite,
    SetLanguageModel,
    best_order,
    bracket_f1,
    linearize_breadth_first,
    linearize_depth_first,
    order_log_probs,
    parse_breadth_first,
    parse_depth_first,
    sample_order,
    set_log_likelihood,
    sorting_order,
    three_word_reversal,
)
from labkit.ordering.order_matters.method.linearize import spans
from labkit.ordering.permutations import (
    all_permutations,
    inversions,
    kendall_tau,
    sample_uniform_orders,
)
from labkit.ordering.pointer_decoder import PointerDecoder

D = torch.float64


def made(make, device="cpu", dtype=torch.float32):
    with torch.device("cpu"):
        torch.manual_seed(2)
        return make().to(device, dtype).eval()


def normal(*shape, seed=0, device="cpu", dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator("cpu").manual_seed(seed), device="cpu").to(
        device, dtype
    )


def language_model(vocab=6, d=8, device="cpu", dtype=torch.float32, **options):
    model = made(lambda: SetLanguageModel(vocab, d, **options), device, dtype)
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(3.0)  # opinions
    return model


# --- sets in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (D, 1e-12)])
def test_the_process_block_ignores_the_order(device, dtype, tolerance):
    block, memory = (
        made(lambda: ProcessBlock(6, 4), device, dtype),
        normal(3, 7, 6, device=device, dtype=dtype),
    )
    order = torch.tensor([4, 2, 6, 0, 1, 5, 3], device=device)
    q, looks = block(memory)
    moved, moved_looks = block(memory[:, order])
    assert torch.allclose(q, moved, atol=tolerance, rtol=0)
    assert torch.allclose(looks[..., order], moved_looks, atol=tolerance, rtol=0)
    twice, _ = block(torch.cat([memory, memory[:, :1]], 1))
    assert (twice - q).abs().max() > 1e-4, "a doubled element counts twice"


@pytest.mark.parametrize("junk", [1e6, float("nan")])
def test_padding_changes_nothing(device, junk):
    model, x = made(lambda: ReadProcessWrite(2, 6, 3, 1), device), normal(2, 5, 2, device=device)
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]], device=device)
    dirty = x.masked_fill(~mask[..., None], junk)
    order = torch.tensor([[4, 0, 1], [2, 0, 1]], device=device)
    whole = model.log_prob(dirty, order, mask)
    assert torch.allclose(whole[1], model.log_prob(x[1:, :3], order[1:])[0], atol=1e-6)
    assert torch.allclose(whole[0], model.log_prob(x[:1], order[:1])[0], atol=1e-6)


def test_the_process_block_is_its_loop(device):
    block, memory = made(lambda: ProcessBlock(5, 3), device, D), normal(2, 4, 5, device=device, dtype=D)
    q_star, h, c = (torch.zeros(2, k, device=device, dtype=D) for k in (10, 5, 5))
    for t in range(3):
        h, c = block.cell(q_star, (h, c))
        a = torch.einsum("bnd,bd->bn", memory, h).softmax(-1)
        q_star = torch.cat([h, torch.einsum("bn,bnd->bd", a, memory)], -1)
        assert torch.allclose(block(memory)[1][:, t], a, atol=1e-6)
    assert torch.allclose(block(memory)[0], q_star, atol=1e-6)


def test_a_silent_cell_takes_the_mean(device):
    block, memory = made(lambda: ProcessBlock(4, 1), device), normal(2, 5, 4, device=device)
    for parameter in block.cell.parameters():
        torch.nn.init.zeros_(parameter)
    q_star, looks = block(memory)
    assert torch.allclose(looks, torch.full_like(looks, 0.2))
    assert torch.allclose(q_star[:, 4:], memory.mean(1), atol=1e-6)
    nothing, none = made(lambda: ProcessBlock(4, 0), device)(memory)
    assert (nothing == 0).all() and none.shape == (2, 0, 5)
    assert made(lambda: ProcessBlock(4, 1, learned_start=True), device).start.shape == (8,)


@pytest.mark.parametrize("glimpses", [0, 1, 2])
def test_equivariance_from_end_to_end(device, glimpses):
    """Permuted elements with a permuted answer have the same probability; through an LSTM they have not."""
    x, order = normal(3, 5, 1, device=device), torch.tensor([[3, 1, 0, 4, 2]] * 3, device=device)
    moved = torch.tensor([2, 4, 1, 0, 3], device=device)
    answer = moved.argsort()[order]
    for encoder in ("set", "lstm"):
        model = made(lambda encoder=encoder: ReadProcessWrite(1, 6, 2, glimpses, encoder), device)
        gap = (model.log_prob(x, order) - model.log_prob(x[:, moved], answer)).abs().max()
        assert gap < 1e-5 if encoder == "set" else gap > 1e-3


def test_all_answers_share_one_probability():
    x, every = normal(1, 4, 1, dtype=D), all_permutations(4)
    free = made(lambda: ReadProcessWrite(1, 6, 2), dtype=D)
    once = made(lambda: ReadProcessWrite(1, 6, 2, mask_repeats=True), dtype=D)
    some = free.log_prob(x.expand(24, -1, -1), every).exp().sum().item()
    assert 0 < some < 1 - 1e-3
    assert once.log_prob(x.expand(24, -1, -1), every).exp().sum().item() == pytest.approx(1.0, abs=1e-5)
    repeats = torch.tensor(list(itertools.product(range(4), repeat=4)))
    assert free.log_prob(x.expand(256, -1, -1), repeats).exp().sum().item() == pytest.approx(1.0, abs=1e-5)
    assert sorted(once.decode(x, beam=2)[0].tolist()) == [0, 1, 2, 3]


def test_a_glimpse_is_read_before_pointing(device):
    """q <- q + r (or r), with parameters of its own; then the pointer's scores."""
    for update in ("add", "replace"):
        decoder = made(lambda update=update: PointerDecoder(4, None, 1, update), device, D)
        memory = normal(2, 5, 4, device=device, dtype=D)
        h = c = torch.zeros(2, 4, device=device, dtype=D)
        found = decoder(memory, None, (h, c), torch.tensor([[1, 3], [0, 2]], device=device))
        hidden, _ = decoder.lstm(decoder.start.expand(2, 1, -1), (h[None], c[None]))
        q, g = hidden[:, 0], decoder.glimpses[0]
        a = (torch.tanh(memory @ g["W1"].T + (q @ g["W2"].T)[:, None]) @ g["v"]).softmax(-1)
        read = (a[..., None] * memory).sum(1)
        q = q + read if update == "add" else read
        u = torch.tanh(memory @ decoder.W1.weight.T + (q @ decoder.W2.weight.T)[:, None]) @ decoder.v
        assert torch.allclose(found[:, 0], u, atol=1e-12)
        looks = decoder.glimpse_weights(hidden, decoder.context(memory))
        assert torch.allclose(looks[0][:, 0], a, atol=1e-12)


# --- sets out ------------------------------------------------------------------------------------------------------


def test_ancestral_sampling_draws_what_it_says():
    """Truth 6: frequencies match the renormalised conditionals, which are not the softmax of the joint."""
    model, items = language_model(), torch.tensor([[4, 1, 5, 2]])
    every = all_permutations(4)
    state, exact = None, []
    for order in every:
        state, token, left, log_q = None, None, set(range(4)), 0.0
        for j in order.tolist():
            with torch.no_grad():
                log_p, state = model.step(state, token, 1)
            mine = log_p[0, items[0]]
            log_q += (mine[j] - mine[sorted(left)].logsumexp(0)).item()
            left.remove(j)
            token = items[:, j]
        exact.append(math.exp(log_q))
    assert sum(exact) == pytest.approx(1.0, abs=1e-5)
    orders, log_q = sample_order(model, items.expand(50_000, -1), torch.Generator("cpu").manual_seed(0))
    code = (orders * torch.tensor([64, 16, 4, 1])).sum(-1)
    counts = [int((code == int((o * torch.tensor([64, 16, 4, 1])).sum())).sum()) for o in every]
    assert chisquare(counts, [50_000 * q / sum(exact) for q in exact]).pvalue > 1e-4
    by_code = {int((o * torch.tensor([64, 16, 4, 1])).sum()): q for o, q in zip(every, exact, strict=True)}
    assert all(
        math.exp(q) == pytest.approx(by_code[c], rel=1e-3)
        for c, q in zip(code[:200].tolist(), log_q[:200].tolist(), strict=True)
    )
    joint = order_log_probs(model, items, every).softmax(-1)[0]
    gap = (joint - torch.tensor(exact)).abs().max().item()
    print(f"largest gap between q and the softmax of the joint: {gap:.4f}")
    assert gap > 1e-3


def test_the_exact_maximum_is_one(device):
    model, items = language_model(device=device), torch.tensor([[4, 1, 5, 2], [0, 1, 2, 3]], device=device)
    order, value = best_order(model, items)
    for seed in range(30):
        other, _ = sample_order(model, items, torch.Generator("cpu").manual_seed(seed))
        assert (order_log_probs(model, items, other[:, None])[:, 0] <= value + 1e-6).all()
    by_beam, beam_value = best_order(model, items, "beam", beam=24)
    assert torch.equal(by_beam, order) and torch.allclose(beam_value, value, atol=1e-5)
    narrow = best_order(model, items, "beam", beam=1)
    assert (narrow[1] <= value + 1e-6).all()
    assert torch.allclose(order_log_probs(model, items, narrow[0][:, None])[:, 0], narrow[1], atol=1e-5)


def test_a_set_has_no_order(device):
    model, items = language_model(device=device), torch.tensor([[4, 1, 5, 2]], device=device)
    whole = set_log_likelihood(model, items)
    assert torch.allclose(whole, set_log_likelihood(model, items[:, [2, 0, 3, 1]]), atol=1e-5)
    best = best_order(model, items)[1]
    assert best <= whole <= best + math.log(24)


def test_a_sequence_is_the_chain_rule(device):
    model, items = language_model(device=device), torch.tensor([[4, 1, 5], [0, 2, 2]], device=device)
    total, state, token = torch.zeros(2, device=device), None, None
    for t in range(3):
        log_p, state = model.step(state, token, 2)
        token = items[:, t]
        total = total + log_p.gather(1, token[:, None])[:, 0]
    assert torch.allclose(model.log_prob(items), total, atol=1e-5)


def test_a_table_does_not_mind_the_order():
    """Truth 10: with exact conditionals, counted over all prefixes, head first and head last give the same joint."""
    star = StarModel(3, 3, 2.0, torch.Generator("cpu").manual_seed(0))
    values = torch.tensor(list(itertools.product(range(3), repeat=3)))
    joint = dict(zip(map(tuple, values.tolist()), star.log_prob(values).exp().tolist(), strict=True))
    for order in itertools.permutations(range(3)):
        for value, p in joint.items():
            chained = 1.0
            for t in range(3):
                seen, known = order[: t + 1], order[:t]
                above = sum(q for v, q in joint.items() if all(v[k] == value[k] for k in seen))
                below = sum(q for v, q in joint.items() if all(v[k] == value[k] for k in known))
                chained *= above / below
            assert chained == pytest.approx(p, abs=1e-10)


def test_the_search_passes_no_gradient(device):
    """Truth 12: the gradient is that of log p(Y_pi) at the drawn order, by finite differences."""
    model, items = language_model(device=device, dtype=D), torch.tensor([[4, 1, 5, 2]], device=device)
    search = OrderSearch("sample_ancestral", 0)
    order = search.choose(model, items, 0, torch.Generator("cpu").manual_seed(1))
    assert not order.requires_grad
    weight = model.out.weight
    loss = model.log_prob(items.gather(1, order)).sum()
    loss.backward()
    for i, j in ((0, 0), (5, 3)):
        with torch.no_grad():
            weight[i, j] += 1e-5
            above = model.log_prob(items.gather(1, order)).item()
            weight[i, j] -= 2e-5
            below = model.log_prob(items.gather(1, order)).item()
            weight[i, j] += 1e-5
        assert weight.grad[i, j].item() == pytest.approx((above - below) / 2e-5, abs=1e-6)


def test_every_mode_of_the_search(device):
    model, items = language_model(device=device), torch.tensor([[4, 1, 5, 2], [0, 1, 2, 3]], device=device)

    def choose(mode, step=5, pretrain=0, **options):
        return OrderSearch(mode, pretrain, **options).choose(
            model, items, step, torch.Generator("cpu").manual_seed(0)
        )

    assert choose("given").tolist() == [[0, 1, 2, 3]] * 2
    assert torch.equal(choose("max"), best_order(model, items)[0])
    assert torch.equal(choose("beam", beam=24), best_order(model, items)[0])
    for mode in ("uniform", "sample_exact", "sample_ancestral"):
        assert torch.equal(choose(mode).sort(-1).values, torch.arange(4, device=device).expand(2, -1))
    assert torch.equal(choose("max", pretrain=9), choose("uniform")), (
        "random orders until the pre-training ends"
    )
    two = torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0]], device="cpu")
    scores = order_log_probs(model, items, two.to(device))
    assert torch.equal(choose("max", candidates=two).cpu(), two[scores.argmax(-1).cpu()])
    model.train()
    choose("max")
    assert model.training
    many = OrderSearch("sample_exact", 0, two).choose(
        model, items[:1].expand(4000, -1), 0, torch.Generator("cpu").manual_seed(0)
    )
    share = (many[:, 0] == 0).double().mean().item()
    assert share == pytest.approx(scores[0].softmax(-1)[0].item(), abs=0.03)


# --- permutations, data --------------------------------------------------------------------------------------------


def test_permutations():
    assert len(all_permutations(5).unique(dim=0)) == 120
    assert inversions(torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 2, 3]])).tolist() == [0, 6, 1]
    assert kendall_tau(torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0]])).tolist() == [1.0, -1.0]
    drawn = sample_uniform_orders(6000, 3, torch.Generator("cpu").manual_seed(0))
    _, counts = drawn.unique(dim=0, return_counts=True)
    assert chisquare(counts.tolist()).pvalue > 1e-4


def test_star_models_are_distributions():
    star = StarModel(4, 3, 1.5, torch.Generator("cpu").manual_seed(0))
    values = torch.tensor(list(itertools.product(range(3), repeat=4)))
    p = star.log_prob(values).exp()
    assert p.sum().item() == pytest.approx(1.0, abs=1e-6)
    drawn = star.sample(40_000, torch.Generator("cpu").manual_seed(1))
    code = torch.tensor([27, 9, 3, 1])
    counts = torch.bincount((drawn * code).sum(-1), minlength=81)
    assert (counts / 40_000 - p[(values * code).sum(-1).argsort()]).abs().max() < 0.01
    assert star.tokens(values[-1:]).tolist() == [[2, 5, 8, 11]]


def test_markov_text_knows_its_perplexity():
    text = MarkovText(4, 1.0, torch.Generator("cpu").manual_seed(0))
    grams = text.five_grams(40_000, torch.Generator("cpu").manual_seed(1))
    log_p = text.stationary[grams[:, 0]].log() + text.transition[grams[:, :-1], grams[:, 1:]].log().sum(-1)
    assert math.exp(-log_p.mean().item() / 5) == pytest.approx(text.perplexity(), rel=0.01)
    assert five_grams(torch.arange(7)).tolist() == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]
    assert as_pairs(torch.tensor([[3, 3, 3, 3, 3]]), 4).tolist() == [[3, 7, 11, 15, 19]]


def test_sorting_as_a_set(device):
    x = sorting_batch(2, 4, torch.Generator("cpu").manual_seed(0)).to(device)
    features, answer = pairs_of(x)
    assert features.shape == (2, 16, 5)
    for row in range(2):
        values = features[row, answer[row], 0]
        assert (values[1:] > values[:-1]).all()
        assert torch.equal(features[row, answer[row], 1:], torch.eye(4, device=device))
    assert torch.equal(sorting_order(x), x[..., 0].argsort(-1))


# --- linear forms --------------------------------------------------------------------------------------------------


def random_tree(generator, depth=4):
    label = f"n{int(torch.randint(5, (), generator=generator))}"
    if depth == 0:
        return (label,)
    count = int(torch.randint(4, (), generator=generator))
    return (label, *(random_tree(generator, depth - 1) for _ in range(count)))


def test_linear_forms_can_be_read_back():
    generator = torch.Generator("cpu").manual_seed(0)
    for _ in range(500):
        tree = random_tree(generator)
        assert parse_depth_first(linearize_depth_first(tree)) == tree
        assert parse_breadth_first(linearize_breadth_first(tree)) == tree


def test_a_tree_in_both_forms():
    tree = ("S", ("NP", ("the",), ("cat",)), ("VP", ("sat",)))
    assert " ".join(linearize_depth_first(tree)) == "S NP the !the cat !cat !NP VP sat !sat !VP !S"
    assert " ".join(linearize_breadth_first(tree)) == "S LEV NP VP LEV the cat PAR sat DONE"
    trailing = ("S", ("a", ("b",)), ("c",))
    assert " ".join(linearize_breadth_first(trailing)) == "S LEV a c LEV b DONE"
    assert spans(tree) == [("NP", 0, 2), ("VP", 2, 3), ("S", 0, 3)]
    other = ("S", ("NP", ("the",)), ("VP", ("cat",), ("sat",)))
    assert bracket_f1(tree, tree) == 1.0
    assert bracket_f1(other, tree) == pytest.approx(1 / 3)


def test_three_word_reversal():
    words = ["This", "is", "a", "sentence", "."]
    assert " ".join(three_word_reversal(words)) == "a is This <pad> . sentence"
    assert three_word_reversal(three_word_reversal(words)) == [*words, "<pad>"]
    assert three_word_reversal([]) == []


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ProcessBlock(4, -1), "steps must be at least 0; got -1"),
        (lambda: ReadProcessWrite(1, 4, 1, -1), "glimpses must be at least 0; got -1"),
        (lambda: ReadProcessWrite(1, 4, 1, 0, "gru"), "choose from set, lstm"),
        (lambda: PointerDecoder(4, None, 1, "mean"), "choose from add, replace"),
        (lambda: ProcessBlock(4, 1)(torch.zeros(2, 0, 4)), "row 0 has no elements"),
        (
            lambda: ProcessBlock(4, 1)(torch.zeros(2, 3, 4), torch.tensor([[True] * 3, [False] * 3])),
            "row 1 has no elements",
        ),
        (
            lambda: ReadProcessWrite(1, 4, 1).log_prob(torch.zeros(1, 3, 1), torch.tensor([[0, 3, 1]])),
            "positions must be from 0 to 2",
        ),
        (lambda: best_order(language_model(9), torch.arange(8)[None]), "8 have 40,320 orders.*beam"),
        (lambda: set_log_likelihood(language_model(9), torch.arange(8)[None]), "8 have 40,320 orders.*beam"),
        (lambda: best_order(language_model(), torch.arange(4)[None], "best"), "choose from exact, beam"),
        (lambda: sample_order(language_model(), torch.tensor([[0, 1], [3, 3]])), "row 1 is .*a token twice"),
        (
            lambda: order_log_probs(
                language_model(), torch.arange(3)[None], torch.tensor([[0, 1, 2], [0, 0, 2]])
            ),
            "row 1 is .0, 0, 2., no permutation",
        ),
        (lambda: OrderSearch("best"), "choose from given, uniform"),
        (lambda: OrderSearch("max", -1), "pretrain_steps must be at least 0"),
        (lambda: all_permutations(9), "n must be from 1 to 8"),
        (lambda: parse_depth_first(["S", "a", "!S"]), "'!S' at position 2 closes nothing"),
        (lambda: parse_depth_first(["S", "a", "!a"]), "1 brackets stay open"),
        (lambda: parse_breadth_first(["S", "a", "DONE"]), "'a' at position 1 has no parent"),
        (lambda: parse_breadth_first(["S"]), "a root comes first and DONE last"),
        (lambda: linearize_depth_first(("!S",)), "'!S' is a mark"),
        (lambda: linearize_breadth_first(("S", ["x"])), "a node is a tuple"),
        (lambda: StarModel(0, 3, 1.0, torch.Generator()), "n and symbols must be at least 1"),
        (lambda: five_grams(torch.arange(4)), "at least 5 entries; got 4"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_duplicates_may_be_allowed():
    model = language_model(allow_duplicates=True)
    assert order_log_probs(model, torch.tensor([[3, 3]]), all_permutations(2)).shape == (1, 2)
