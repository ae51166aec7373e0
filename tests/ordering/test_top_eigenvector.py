"""Truths of streaming top eigenvectors: exact products, commuting rows, thresholds, and what is kept in memory."""

import gc
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from labkit.ordering.top_eigenvector.method import (
    OjaRates,
    block_power,
    correlation,
    covariance,
    frequent_directions,
    gap,
    hard_instance_correlation,
    heavy_rows,
    largest_row,
    oja,
    oja_grid,
    price_xun,
    random_order_top_eigenvector,
    rate_grid,
    reservoir,
    row_norm_sample,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import (
    GeneratedStream,
    RowStream,
    digit_rows,
    heavy_and_light,
    lower_bound,
    oja_hard,
    order_of,
    read_csv,
    spiked,
    spiked_stream,
)

D = torch.float64


def g(seed=0):
    return torch.Generator(device="cpu").manual_seed(seed)


def rows_of(n, d, device="cpu", seed=0, scale=1.0):
    return (scale * torch.randn(n, d, dtype=D, device="cpu", generator=g(seed))).to(device)


def start_of(d, seed=9):
    v = torch.randn(d, dtype=D, device="cpu", generator=g(seed))
    return v / v.norm()


def given_order(rows, chunk=1024):
    return RowStream(rows, "given", chunk=chunk)


# Oja


@pytest.mark.parametrize("eta", [0.01, 0.3, 5.0])
def test_oja_is_the_product_of_its_steps(eta, device):
    rows, v = rows_of(400, 12, device, scale=0.3), start_of(12).to(device)
    product, growth = v.clone(), 0.0
    for a in rows:
        product = product + eta * a * (a @ product)
        growth += product.norm().log().item()
        product = product / product.norm()
    found = oja(given_order(rows), eta, v)
    assert (found.vector - product).norm() < 1e-10
    assert found.log_growth == pytest.approx(growth, rel=1e-10)
    for chunk in (1, 7, 100):
        again = oja(given_order(rows, chunk), eta, v)
        assert (again.vector - found.vector).norm() < 1e-10
        assert again.log_growth == pytest.approx(growth, rel=1e-10)


def test_a_growth_beyond_double_precision_is_counted():
    rows, v = torch.ones(400, 3, dtype=D), start_of(3)
    found = oja(given_order(rows), 1e9, v)
    assert found.log_growth == pytest.approx(
        400 * math.log1p(3e9) + math.log(abs(v.sum().item()) / 3**0.5), rel=1e-9
    )
    assert correlation(found.vector, rows[0]) == pytest.approx(1)


def test_a_decaying_rate_is_c_over_t(device):
    rows, v = rows_of(60, 5, device), start_of(5).to(device)
    product = v.clone()
    for t, a in enumerate(rows, 1):
        product = product + 0.7 / t * a * (a @ product)
    found = oja(given_order(rows, 13), 0.7, v, decaying=True)
    assert (found.vector - product / product.norm()).norm() < 1e-10


def test_a_grid_is_its_rates_and_remembers_the_largest_row(device):
    rows, v = rows_of(150, 6, device), start_of(6).to(device)
    etas = [0.001, 0.02, 0.4]
    vectors, growth, largest = oja_grid(given_order(rows, 40), etas, v)
    for i, eta in enumerate(etas):
        alone = oja(given_order(rows), eta, v)
        assert (vectors[i] - alone.vector).norm() < 1e-10
        assert growth[i].item() == pytest.approx(alone.log_growth)
    assert torch.equal(largest, rows[rows.norm(dim=1).argmax()])


def test_orthogonal_rows_commute_and_others_do_not():
    rows, v = torch.diag(torch.rand(8, dtype=D, generator=g()) + 0.5), start_of(8)
    one = oja(RowStream(rows, "random", seed=1), 0.8, v).vector
    other = oja(RowStream(rows, "random", seed=2), 0.8, v).vector
    assert (one - other).norm() < 1e-10
    pair = torch.tensor([[1.0, 0, 0], [1, 1, 0]], dtype=D)
    forward = oja(given_order(pair), 1.0, start_of(3)).vector
    backward = oja(given_order(pair.flip(0)), 1.0, start_of(3)).vector
    assert (forward - backward).norm() > 0.01


@pytest.mark.parametrize(("d", "R", "m", "eta"), [(20, 3, 10, 2.0), (64, 5, 7, 0.3)])
def test_the_hard_instance_in_closed_form(d, R, m, eta):
    v = start_of(d)
    odds = (v[0] ** 2 / v[1:].square().sum()).item()
    truth = torch.eye(d, dtype=D)[0]
    found = oja(RowStream(oja_hard(d, R, m), seed=3), eta, v).vector
    assert correlation(found, truth).item() == pytest.approx(
        hard_instance_correlation(d, R, eta, m, odds).item(), rel=1e-8
    )


@pytest.mark.parametrize(
    ("d", "R", "wanted"),
    [(100, 3, 0.08), (100, 4, 0.43), (100, 6, 0.999), (1000, 4, 0.026), (10_000, 6, 0.89)],
)
def test_the_rate_that_does_not_exist(d, R, wanted):
    start = torch.randn(200, d, dtype=D, generator=g(1)).square()
    odds = (start[:, 0] / start[:, 1:].sum(1))[:, None]
    etas = torch.logspace(-3, 3, 200, dtype=D)
    assert hard_instance_correlation(d, R, etas, 200, odds).amax(1).median().item() == pytest.approx(
        wanted, abs=0.1
    )


def test_the_best_rate_is_one_below_the_gap():
    etas = torch.logspace(-1, 2, 2000, dtype=D)
    for R in (3, 6, 12):
        best = etas[hard_instance_correlation(1000, R, etas, 10**6).argmax()].item()
        assert best == pytest.approx(R - 1, rel=0.1)


def test_scaling_the_rows_rescales_the_rate():
    rows, v = rows_of(100, 6), start_of(6)
    one, other = oja(given_order(rows), 0.2, v), oja(given_order(10 * rows), 0.002, v)
    assert (one.vector - other.vector).norm() < 1e-10
    assert one.log_growth == pytest.approx(other.log_growth)


# Price and Xun


@given(st.integers(0, 10_000))
def test_a_large_row_is_near_the_top_eigenvector(seed):
    rows = rows_of(20, 6, seed=seed)
    rows[0] *= 1 + 10 * torch.rand((), generator=g(seed)).item()
    values = torch.linalg.eigvalsh(rows.T @ rows)
    truth = top_eigenvector(rows)
    for a in rows:
        assert correlation(a, truth) >= 1 - values[-2] / a.square().sum() - 1e-9


def test_price_xun_says_why():
    grown = price_xun(RowStream(spiked(3000, 16, 30, g())), generator=g())
    assert grown.eta is not None
    assert "smallest rate" in grown.reason
    truth = top_eigenvector(spiked(3000, 16, 30, g()))
    assert correlation(grown.vector, truth) > 0.95
    decoyed = oja_hard(64, 8, 40, decoy=True)
    fooled = price_xun(RowStream(decoyed), generator=g())
    assert fooled.eta is None
    assert "largest row" in fooled.reason
    assert torch.equal(fooled.vector, torch.eye(64, dtype=D)[1])
    still = price_xun(RowStream(rows_of(30, 5) * 1e-30), [1.0], generator=g())
    assert "no rate has grown" in still.reason


def test_price_xun_takes_the_smallest_rate_that_grew_enough():
    rows, v, etas = spiked(2000, 8, 20, g()), start_of(8), [0.1, 0.0001, 0.001, 0.01]
    _, growth, _ = oja_grid(given_order(rows), etas, v)
    needed = 3 * math.log(8)
    wanted = min(eta for eta, grown in zip(etas, growth.tolist(), strict=True) if grown >= needed)
    assert price_xun(given_order(rows), etas, start=v).eta == wanted
    assert wanted != min(etas)
    grid = [2.0**-k for k in range(16)]
    patient, hasty = (price_xun(given_order(rows), grid, growth=c, start=v).eta for c in (6.0, 0.5))
    assert hasty < patient, "the growth that is asked for decides"


# blocks


def test_blocks_of_identical_rows_are_exact_power_steps(device):
    A, v = rows_of(10, 6, device), start_of(6).to(device)
    z = v.clone()
    for _ in range(5):
        z = A.T @ (A @ z)
        z = z / z.norm()
    for chunk in (1, 7, 1024):
        found = block_power(given_order(A.repeat(5, 1), chunk), 5, v)
        assert (found - z).norm() < 1e-10


def test_several_columns_end_with_the_ritz_vector():
    A, v = rows_of(10, 6), start_of(6)
    moment = A.T @ A
    found = block_power(given_order(A.repeat(3, 1)), 3, v, columns=6, generator=g(3))
    assert 1 - correlation(found, top_eigenvector(moment)).item() < 1e-10, "six columns span the space"
    rows = spiked(4000, 40, 1.5, g())
    truth = top_eigenvector(rows)
    alone, several = (
        sum(
            correlation(block_power(RowStream(rows, seed=s), 4, columns=c, generator=g(s)), truth)
            for s in range(8)
        )
        / 8
        for c in (1, 8)
    )
    assert several > alone + 0.05


def test_rotation_of_the_rows_rotates_the_answer():
    rows, v = heavy_and_light(500, 12, 3, 6.0, generator=g()), start_of(12)
    q = torch.linalg.qr(rows_of(12, 12, seed=5))[0]
    for answer in (
        lambda a, z: block_power(given_order(a), 4, z),
        lambda a, z: oja(given_order(a), 0.5, z).vector,
        lambda a, z: random_order_top_eigenvector(given_order(a), start=z, blocks=4).vector,
    ):
        assert 1 - correlation(answer(rows @ q.T, q @ v), q @ answer(rows, v)) < 1e-6


# heavy rows


def test_a_threshold_of_zero_is_exact_and_of_infinity_is_block_power(device):
    rows, v = rows_of(90, 7, device), start_of(7).to(device)
    everything = random_order_top_eigenvector(given_order(rows), threshold=0.0, start=v, blocks=4)
    assert 1 - correlation(everything.vector, top_eigenvector(rows)).item() < 1e-10
    assert len(everything.heavy_rows) == 90
    nothing = random_order_top_eigenvector(given_order(rows), threshold=math.inf, start=v, blocks=4)
    # block T + 1 only weighs
    assert 1 - correlation(nothing.vector, block_power(given_order(rows[:72]), 4, v)).item() < 1e-10
    wanted = 5 * (rows[72:] @ nothing.light_vector).square().sum().item()
    assert nothing.light_weight == pytest.approx(wanted)


def test_the_store_and_its_words():
    rows = heavy_and_light(2000, 32, 5, 8.0, generator=g())
    energy = rows.square().sum().item()
    h = heavy_rows(rows, 3.0)
    assert h == 5
    found = random_order_top_eigenvector(RowStream(rows), frobenius_squared=energy, kappa=3.0, generator=g())
    assert len(found.heavy_rows) == h
    assert found.words == (h + 3) * 32 + 4
    assert correlation(found.vector, top_eigenvector(rows)) > 0.99
    stacked = torch.cat([found.heavy_rows, found.light_weight**0.5 * found.light_vector[None]])
    assert 1 - correlation(found.vector, top_eigenvector(stacked)).item() < 1e-12
    limited = random_order_top_eigenvector(
        RowStream(rows), frobenius_squared=energy, kappa=3.0, generator=g(), store_limit=2
    )
    assert len(limited.heavy_rows) == 2
    assert limited.words < found.words
    spread = torch.tensor([[1.0, 0], [9, 0], [4, 0], [7, 0]], dtype=D)
    at = random_order_top_eigenvector(given_order(spread), threshold=16.0, blocks=1, start=start_of(2))
    assert sorted(at.heavy_rows[:, 0].tolist()) == [4, 7, 9], "from the threshold on, itself included"
    two = random_order_top_eigenvector(
        given_order(spread), threshold=0.0, store_limit=2, blocks=1, start=start_of(2)
    )
    assert sorted(two.heavy_rows[:, 0].tolist()) == [7, 9]


@pytest.mark.parametrize("order", ["random", "by_norm", "given"])
def test_guessing_the_frobenius_norm(order):
    for rows in (spiked(4000, 32, 5.0, g()), heavy_and_light(4000, 32, 6, 9.0, generator=g())):
        truth = top_eigenvector(rows)
        known, guessed = (
            correlation(
                random_order_top_eigenvector(
                    RowStream(rows, order), frobenius_squared=F, kappa=3.0, generator=g(), blocks=6
                ).vector,
                truth,
            )
            for F in (rows.square().sum().item(), None)
        )
        assert abs(known - guessed) < 0.02


def test_guesses_do_not_depend_on_the_chunks():
    rows = heavy_and_light(800, 16, 4, 9.0, generator=g())
    found = [
        random_order_top_eigenvector(RowStream(rows, chunk=chunk), kappa=3.0, start=start_of(16))
        for chunk in (1, 50, 999)
    ]
    for other in found[1:]:
        assert torch.allclose(found[0].vector, other.vector, atol=1e-10)
        assert len(found[0].heavy_rows) == len(other.heavy_rows)


class Watched:
    """A stream that counts, before each row, the numbers that live tensors hold."""

    def __init__(self, rows):
        self.matrix, (self.rows, self.width), self.most = rows, rows.shape, 0
        self.others = {id(t) for t in self._tensors()}

    def _tensors(self):
        return [t for t in gc.get_objects() if type(t) is torch.Tensor]

    def __iter__(self):
        for i in range(self.rows):
            row = self.matrix[i : i + 1].clone()
            if i % 50 == 0:
                mine = [t for t in self._tensors() if id(t) not in self.others]
                storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() // 8 for t in mine}
                self.most = max(self.most, sum(storages.values()))
                del mine
            yield row


def test_no_more_is_kept_than_the_words_that_are_counted():
    rows = heavy_and_light(600, 64, 5, 8.0, generator=g())
    stream = Watched(rows)
    energy = rows.square().sum().item()
    found = random_order_top_eigenvector(stream, frobenius_squared=energy, kappa=3.0, start=start_of(64))
    # the start and the norm of the row come on top
    assert 0 < stream.most <= found.words + 4 * 64
    assert stream.most < 600 * 64 / 10
    whole = Watched(rows)
    kept = random_order_top_eigenvector(whole, threshold=0.0, start=start_of(64))
    assert whole.most > 500 * 64, "the watch sees what is stored"
    assert kept.words > 600 * 64


def test_row_norm_sampling_is_unbiased():
    rows = heavy_and_light(200, 8, 2, 20.0, generator=g())
    energy, generator = rows.square().sum().item(), g(3)
    moments, constant = [], 0.5
    for _ in range(4000):
        kept, p = row_norm_sample(rows, energy, constant, generator)
        moments.append(kept.T @ kept)
    moments = torch.stack(moments)
    error = moments.mean(0) - rows.T @ rows
    assert (error.abs() <= 5 * moments.std(0) / 4000**0.5 + 1e-9).all()
    assert moments.std(0).max() > 0.01
    wanted = (constant * 8 * math.log(8) * rows.square().sum(1) / energy).clamp(max=1)
    assert torch.allclose(p, wanted)
    kept, p = row_norm_sample(rows, energy, 1e9, g())
    assert torch.equal(kept, rows)


def test_the_lower_bounds_constant():
    for R in (4, 8, 16):
        generator, found = g(R), []
        for _ in range(20):
            rows, which = lower_bound(256, 64, R, generator)
            assert rows[-1].square().sum().item() == pytest.approx(R)
            assert correlation(rows[-1], rows[which]).item() == pytest.approx(0.5)
            found.append((1 - correlation(rows[-1], top_eigenvector(rows)).item()) * R**2)
        assert 0.4 <= sum(found) / 20 <= 0.65


# baselines


def test_frequent_directions_keeps_its_promise(device):
    rows = rows_of(300, 20, device) * torch.linspace(1, 3, 20, dtype=D, device=device)
    for count in (3, 8, 15):
        sketch = frequent_directions(given_order(rows, 37), count)
        assert sketch.shape == (count, 20)
        left = torch.linalg.eigvalsh(rows.T @ rows - sketch.T @ sketch)
        assert left[0] > -1e-8
        assert left[-1] <= rows.square().sum() / count
    exact = frequent_directions(given_order(rows[:10]), 30)
    assert torch.allclose(exact.T @ exact, rows[:10].T @ rows[:10])


def test_a_reservoir_is_a_uniform_sample():
    rows = torch.arange(40, dtype=D)[:, None].expand(-1, 2).contiguous()
    generator, counts = g(), torch.zeros(40)
    for _ in range(3000):
        kept = reservoir(given_order(rows, 7), 5, generator)[:, 0].long()
        assert len(set(kept.tolist())) == 5
        counts[kept] += 1
    # a binomial of mean 375 and deviation 18
    assert (counts - 375).abs().max() < 5 * 18.2


def test_exact_answers(device):
    for n, d in ((30, 8), (5, 8)):
        rows = rows_of(n, d, device)
        v = torch.linalg.svd(rows)[2][0]
        assert 1 - correlation(top_eigenvector(rows), v).item() < 1e-12
        s = torch.linalg.svdvals(rows)
        assert gap(rows) == pytest.approx((s[0] / s[1]).item() ** 2)
    assert torch.allclose(covariance(given_order(rows, 2)), rows.T @ rows)
    assert correlation(
        largest_row(given_order(rows, 2)), rows[rows.norm(dim=1).argmax()]
    ).item() == pytest.approx(1)
    assert gap(rows[:1]) == math.inf


def test_single_precision_stays_single():
    rows = spiked(3000, 16, 6, g()).float()
    found = random_order_top_eigenvector(RowStream(rows), generator=g())
    assert found.vector.dtype == torch.float32
    assert correlation(found.vector, top_eigenvector(rows.double())) > 0.9


# streams


def test_orders():
    rows = spiked(400, 6, 5, g())
    truth = top_eigenvector(rows)
    along = (rows @ truth).square()

    def keys(order, seed=0):
        return along[order_of(rows, order, seed)]

    assert (keys("aligned_first").diff() <= 0).all()
    assert (keys("aligned_last").diff() >= 0).all()
    assert (rows[order_of(rows, "by_norm")].norm(dim=1).diff() <= 1e-12).all()
    assert torch.equal(order_of(rows, "given"), torch.arange(400))
    assert not torch.equal(order_of(rows, "random", 0), order_of(rows, "random", 1))
    for order in ("random", "aligned_first", "aligned_last", "by_norm", "bursty"):
        assert torch.equal(order_of(rows, order).sort().values, torch.arange(400))
    runs = keys("bursty").view(16, 25)
    ranks = runs.mean(1).argsort()
    assert not torch.equal(ranks, torch.arange(16))
    assert runs.var(1).mean() < along.var() / 2
    turned = torch.arange(399, -1, -1)
    assert torch.equal(next(iter(RowStream(rows, turned))), rows.flip(0))


def test_instances_have_the_gap_they_promise():
    assert gap(oja_hard(20, 5, 7)) == pytest.approx(5)
    assert gap(oja_hard(20, 5, 7, rotate=True, generator=g())) == pytest.approx(5)
    decoyed = oja_hard(20, 5, 7, decoy=True)
    assert gap(decoyed) == pytest.approx(5)
    assert largest_row(given_order(decoyed)).argmax() == 1
    assert gap(spiked(100_000, 6, 5, g())) == pytest.approx(5, rel=0.03)
    assert gap(heavy_and_light(200_000, 10, 4, 6.0, share=1.0, generator=g())) == pytest.approx(6, rel=0.05)
    assert len(digit_rows()) == 1797


def test_a_stream_made_chunk_by_chunk(device):
    stream = spiked_stream(20_000, 12, 9.0, seed=1, chunk=3000, device=device)
    found = random_order_top_eigenvector(stream, generator=g())
    assert found.vector[0] ** 2 > 0.9
    sizes = [len(rows) for rows in GeneratedStream(10, 2, lambda _, n: torch.ones(n, 2), chunk=4)]
    assert sizes == [4, 4, 2]


def test_a_csv_file_is_rows(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("name,a,b\nx,1,2\ny,3,4\n")
    assert read_csv(file).tolist() == [[1, 2], [3, 4]]
    file.write_text("a,b\n1,2\n3,\n")
    with pytest.raises(ValueError, match="a value is missing in line 3"):
        read_csv(file)
    file.write_text("name,a\nx,1\n")
    with pytest.raises(ValueError, match="at least 2 numeric columns"):
        read_csv(file)


# bad input


def test_bad_streams():
    rows = rows_of(20, 4)
    stream = RowStream(rows)
    list(stream)
    with pytest.raises(RuntimeError, match="can be read once"):
        iter(stream)
    rows[13, 2] = float("nan")
    for algorithm in (
        lambda s: oja(s, 0.1),
        lambda s: block_power(s, 2),
        lambda s: random_order_top_eigenvector(s),
        lambda s: frequent_directions(s, 2),
        largest_row,
    ):
        with pytest.raises(ValueError, match="row 13 is not finite"):
            algorithm(given_order(rows, 3))

    class Torn:
        rows, width = 6, 4

        def __iter__(self):
            yield torch.ones(3, 4, dtype=D)
            yield torch.ones(3, 5, dtype=D)

    with pytest.raises(ValueError, match="row 3 and those after it have shape"):
        oja(Torn(), 0.1)
    with pytest.raises(ValueError, match="at least 2 numbers"):
        oja(RowStream(torch.ones(4, 1, dtype=D)), 0.1)
    zero = torch.zeros(20, 4, dtype=D)
    for algorithm in (lambda s: block_power(s, 2), random_order_top_eigenvector, price_xun, largest_row):
        with pytest.raises(ValueError, match="no non-zero row"):
            algorithm(given_order(zero))
    with pytest.raises(ValueError, match="order: 'sorted' is not allowed; choose from random, given"):
        RowStream(rows, "sorted")
    with pytest.raises(ValueError, match="each of the row numbers 0 to 19 once"):
        RowStream(rows, torch.zeros(20, dtype=torch.long))
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        RowStream(rows, chunk=0)


def test_a_block_without_light_rows_keeps_the_vector_and_warns_once():
    rows = torch.cat([rows_of(5, 3), torch.zeros(10, 3, dtype=D), rows_of(5, 3, seed=1)])
    with pytest.warns(UserWarning, match="block 1 has no light row") as caught:
        found = block_power(given_order(rows), 4, start_of(3))
    assert len(caught) == 1
    assert torch.isfinite(found).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: oja(s, 0.0), "etas must be positive and finite"),
        (lambda s: oja(s, math.inf), "etas must be positive and finite"),
        (lambda s: oja_grid(s, []), "etas must be positive and finite"),
        (lambda s: oja(s, 1.0, torch.zeros(4, dtype=D)), "start must be finite and not zero"),
        (lambda s: oja(s, 1.0, torch.ones(5, dtype=D)), "start must have the stream's 4 numbers"),
        (lambda s: price_xun(s, growth=0.0), "growth must be positive"),
        (lambda s: block_power(s, 0), "blocks must be at least 1"),
        (lambda s: block_power(s, 21), "it has 20 rows"),
        (lambda s: block_power(s, 2, columns=5), "columns must be from 1 to the width 4"),
        (lambda s: random_order_top_eigenvector(s, kappa=0.0), "kappa must be positive"),
        (lambda s: random_order_top_eigenvector(s, store_limit=-1), "store_limit must be at least 0"),
        (lambda s: random_order_top_eigenvector(s, threshold=-1.0), "threshold must be at least 0"),
        (
            lambda s: random_order_top_eigenvector(s, frobenius_squared=0.0),
            "frobenius_squared must be positive",
        ),
        (lambda s: random_order_top_eigenvector(s, blocks=20), "must have 21 rows; got 20"),
        (lambda s: random_order_top_eigenvector(s, blocks=0), "blocks must be at least 1"),
        (lambda s: frequent_directions(s, 0), "rows must be at least 1"),
        (lambda s: reservoir(s, 0, g()), "rows must be at least 1"),
        (lambda s: row_norm_sample(s.matrix, 1.0, 0.0, g()), "must be positive"),
        (lambda s: heavy_rows(s.matrix, -1.0), "kappa must be positive"),
        (lambda s: oja_hard(1, 2, 3), "d must be at least 2"),
        (lambda s: oja_hard(4, 2.5, 3), "R must be an integer"),
        (lambda s: spiked(0, 4, 2.0), "n must be at least 1"),
        (lambda s: spiked(5, 4, 0.5), "R must be at least 1"),
        (lambda s: heavy_and_light(5, 4, 4, 2.0), "h must be from 0 to d - 1"),
        (lambda s: lower_bound(5, 2, 2.0), "d even"),
        (lambda s: hard_instance_correlation(1, 2, 1.0, 3), "d must be at least 2"),
        (lambda s: hard_instance_correlation(4, 2, 0.0, 3), "eta must be positive"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(RowStream(rows_of(20, 4)))


def test_the_oracles_grid_spans_the_scale_of_the_rows():
    etas = rate_grid(50.0, 10, 5)
    assert etas[0].item() == pytest.approx(0.1 / 50)
    assert etas[-1].item() == pytest.approx(2.0)
    assert torch.allclose(etas[1:] / etas[:-1], (etas[1] / etas[0]).expand(4))
    runner = OjaRates(etas, start_of(10))
    assert runner.words == 5 * 10 + 2 * 10 + 2 * 5 + 2
