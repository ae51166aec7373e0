"""SQLNet's truths: sets, column attention, pointers, padding, and queries that are executed."""

import math
import random
from itertools import permutations

import pytest
import torch

from labkit.ordering.sqlnet.baseline import END, Layout, Seq2SQL, reward
from labkit.ordering.sqlnet.data import Batch, Example, HashedEmbedding, detokenize, generate, tokenize
from labkit.ordering.sqlnet.data.example import find_span
from labkit.ordering.sqlnet.data.pools import POOLS, value, written
from labkit.ordering.sqlnet.database import Database
from labkit.ordering.sqlnet.method import (
    PARTS,
    ColumnAttention,
    SelfAttention,
    SQLNet,
    pool,
    weighted_bce,
)
from labkit.ordering.sqlnet.method.values import POSITIONS
from labkit.ordering.sqlnet.metrics import METRICS, bootstrap, evaluate, judge
from labkit.ordering.sqlnet.query import AGGREGATIONS, Query, QueryError, Table, number

CORPUS = generate(12, 4, 0)


def model(device, seed=0, **options):
    torch.manual_seed(seed)
    with torch.device("cpu"):
        made = SQLNet(HashedEmbedding(16), d=16, layers=2, **options)
    return made.to(device).eval()


def reordered(example, order):
    """The same question about the table with its columns in another order."""
    t = example.table
    table = Table(
        t.id,
        tuple(t.header[i] for i in order),
        tuple(t.types[i] for i in order),
        tuple(tuple(r[i] for i in order) for r in t.rows),
    )
    new = {old: i for i, old in enumerate(order)}
    q = example.query
    query = Query(new[q.select], q.aggregation, tuple((new[c], o, v) for c, o, v in q.conditions))
    return Example(example.question, table, query, example.domain, example.spans)


# the method


@pytest.mark.parametrize("column_attention", [True, False])
def test_reordering_the_columns_permutes_the_scores_and_changes_nothing_else(device, column_attention):
    net = model(device, column_attention=column_attention)
    for example in CORPUS.examples[:6]:
        order = list(range(len(example.header)))[::-1]
        a = net(Batch.of([example], device))
        b = net(Batch.of([reordered(example, order)], device))
        for name in ("select", "columns"):
            assert torch.allclose(getattr(a, name)[:, order], getattr(b, name), atol=1e-5)
        for name in ("aggregation", "number", "values"):
            assert torch.allclose(getattr(a, name), getattr(b, name), atol=1e-5)
        K = len(example.query.conditions)
        assert torch.allclose(a.operators[:, :K], b.operators[:, :K], atol=1e-5)


def test_the_sequence_baseline_depends_on_the_order_of_the_columns(device):
    with torch.device("cpu"):
        torch.manual_seed(0)
        baseline = Seq2SQL(HashedEmbedding(16), d=16, layers=1, slots=False).eval()
    baseline = baseline.to(device)
    example = next(e for e in CORPUS.examples if len(e.query.conditions) == 2)
    order = list(range(len(example.header)))[::-1]
    p = [
        baseline.log_probability(Batch.of([e], device), [[0, 1]])
        for e in (example, reordered(example, order))
    ]
    assert (p[0] - p[1]).abs() > 1e-4


@pytest.mark.parametrize("types", [True, False])
def test_an_example_alone_has_the_scores_that_it_has_in_a_batch(device, types):
    net = model(device, types=types)
    examples = CORPUS.examples[:8]
    together = net(Batch.of(examples, device))
    start = 0
    for i, example in enumerate(examples):
        alone = net(Batch.of([example], device))
        C, L, K = len(example.header), len(example.tokens) + 2, len(example.query.conditions)
        for name, size in (("aggregation", 6), ("select", C), ("number", 5), ("columns", C)):
            assert torch.allclose(getattr(together, name)[i, :size], getattr(alone, name)[0], atol=1e-5), name
        assert torch.allclose(together.operators[i, :K], alone.operators[0, :K], atol=1e-5)
        T = alone.values.shape[1]
        assert torch.allclose(together.values[start : start + K, :T, :L], alone.values, atol=1e-5)
        assert torch.isinf(together.columns[i, C:]).all()
        start += K


def test_column_attention_is_its_formula(device):
    with torch.device("cpu"):
        attention, blind = ColumnAttention(6), SelfAttention(6)
    attention, blind = attention.to(device), blind.to(device)
    E, H = torch.randn(2, 3, 6, device=device), torch.randn(2, 5, 6, device=device)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2], device=device)
    w = attention.weights(E, H, mask)
    assert torch.allclose(w.sum(-1), torch.ones(2, 3, device=device), atol=1e-6)
    assert w[1, :, 3:].abs().max() == 0
    for b, L in ((0, 5), (1, 3)):
        for c in range(3):
            v = torch.stack([E[b, c] @ attention.W.weight @ H[b, i] for i in range(L)])
            assert torch.allclose(attention(E, H, mask)[b, c], v.softmax(0) @ H[b, :L], atol=1e-5)
    same = attention(E[:, :1].expand(-1, 3, -1), H, mask)
    assert torch.equal(same[:, 0], same[:, 1])
    assert torch.allclose(blind(E, H, mask), blind(torch.randn_like(E), H, mask))
    assert torch.allclose(blind.weights(E, H, mask).sum(-1), torch.ones(2, 3, device=device))


def test_the_weighted_loss_of_a_set(device):
    logits = torch.zeros(1, 4, device=device, dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[1.0, 0, 1, 0]], device=device, dtype=torch.float64)
    mask = torch.ones(1, 4, dtype=torch.bool, device=device)
    loss = weighted_bce(logits, y, mask)
    assert abs(loss.item() - 1.386294) < 1e-6
    logits = torch.randn(1, 4, device=device, dtype=torch.float64).requires_grad_()
    weighted_bce(logits, y, mask, 3.0).backward()
    p = logits.detach().sigmoid()
    assert torch.allclose(logits.grad, ((1 - y) * p - 3 * y * (1 - p)) / 4)
    padded = torch.cat(
        [logits.detach(), torch.full((1, 2), -torch.inf, device=device, dtype=torch.float64)], 1
    )
    wide = weighted_bce(padded, torch.nn.functional.pad(y, (0, 2)), torch.nn.functional.pad(mask, (0, 2)))
    assert torch.allclose(wide, weighted_bce(logits.detach(), y, mask))


@pytest.mark.parametrize("name", PARTS)
def test_every_column_encoder_is_trained(device, name):
    """The released code copies its data into a new tensor, and no gradient reaches it."""
    net = model(device, column_attention=True)
    batch = Batch.of(CORPUS.examples[:8], device)
    net.loss(net(batch), batch)[name].backward()
    for kind, parameter in net.part(name).names.lstm.named_parameters():
        # at a name's last word the top layer's backward half has read that word only: it has no past to recur on
        if kind != "weight_hh_l1_reverse":
            assert parameter.grad.abs().sum() > 0, kind
        else:
            assert parameter.grad.abs().sum() == 0
    net.part(name).pool = "ends"
    net.loss(net(batch), batch)[name].backward()
    assert net.part(name).names.lstm.weight_hh_l1_reverse.grad.abs().sum() > 0


def test_losses_average_over_conditions_then_over_the_batch(device):
    net = model(device)
    batch = Batch.of(CORPUS.examples[:6], device)
    scores = net(batch)
    found = net.loss(scores, batch)
    rows, operators, values = 0, [], []
    for i, example in enumerate(batch.examples):
        per_operator, per_value = [], []
        for slot, ((_, o, _), (s, e)) in enumerate(zip(example.query.conditions, example.spans, strict=True)):
            per_operator.append(-scores.operators[i, slot].log_softmax(-1)[o])
            target = [*range(s + 1, e + 1), len(example.tokens) + 1]
            log_p = scores.values[rows].log_softmax(-1)
            per_value.append(-torch.stack([log_p[t, p] for t, p in enumerate(target)]).mean())
            rows += 1
        operators.append(torch.stack(per_operator).mean())
        values.append(torch.stack(per_value).mean())
    assert torch.allclose(found["operators"], torch.stack(operators).mean(), atol=1e-5)
    assert torch.allclose(found["values"], torch.stack(values).mean(), atol=1e-5)


def test_the_summary_of_a_name(device):
    states, lengths = torch.randn(2, 3, 4, device=device), torch.tensor([2, 3], device=device)
    assert torch.equal(pool(states, lengths), torch.stack([states[0, 1], states[1, 2]]))
    ends = pool(states, lengths, "ends")
    assert torch.equal(ends[0], torch.cat([states[0, 1, :2], states[0, 0, 2:]]))
    with pytest.raises(ValueError, match="pool must be last or ends"):
        pool(states, lengths, "mean")


def test_the_number_of_conditions_depends_on_the_columns(device):
    net = model(device)
    part = net.part("number")
    example = CORPUS.examples[0]
    batch = Batch.of([example], device)
    h0, c0 = part.start(part.read_names(batch, part.vectors(batch)), batch)
    assert h0.shape == c0.shape == (2 * 2, 1, 8)
    t = example.table
    other = Table(t.id, tuple(f"other {i}" for i in range(len(t.header))), t.types, t.rows)
    changed = Batch.of([Example(example.question, other)], device)
    assert (part(batch) - part(changed)).abs().max() > 1e-4


# pointers


def test_pointers_reach_the_end_and_never_padding(device):
    net = model(device)
    part = net.part("values")
    batch = Batch.of(CORPUS.examples[:8], device)
    scores = net(batch).values
    row = batch.condition_mask.nonzero()[:, 0]
    for k, b in enumerate(row.tolist()):
        L = int(batch.lengths[b])
        assert torch.isfinite(scores[k, :, :L]).all(), "every real position, END among them, can be reached"
        assert torch.isinf(scores[k, :, L:]).all()
    pointed = part.point(batch, batch.condition_columns, batch.condition_mask, steps=7)
    assert (pointed < batch.lengths[row][:, None]).all()


def test_greedy_pointing_is_teacher_forcing_on_its_own_choices(device):
    """So the one-hot input of a step is the position of the step before."""
    part = model(device).part("values")
    batch = Batch.of(CORPUS.examples[:4], device)
    args = (batch, batch.condition_columns, batch.condition_mask)
    pointed = part.point(*args, steps=5, early=False)
    values = torch.zeros(*batch.condition_mask.shape, 5, dtype=torch.long, device=device)
    values[batch.condition_mask] = pointed
    again = part(*args, values).argmax(-1)
    row = batch.condition_mask.nonzero()[:, 0]
    for k, b in enumerate(row.tolist()):
        end, steps = int(batch.lengths[b]) - 1, pointed[k].tolist()
        n = steps.index(end) + 1 if end in steps else len(steps)
        assert again[k, :n].tolist() == steps[:n]


def test_a_one_hot_input_is_a_lookup(device):
    lstm = model(device).part("values").decoder.lstm
    positions = torch.tensor([[3, 17, 0]], device=device)
    hot = torch.nn.functional.one_hot(positions, POSITIONS).float() @ lstm.weight_ih_l0.T
    assert torch.allclose(hot, torch.nn.functional.embedding(positions, lstm.weight_ih_l0.T))


def test_predictions_have_k_different_columns(device):
    net = model(device)
    batch = Batch.of(CORPUS.examples[:6], device)
    for K in range(5):
        for query, example in zip(net.predict(batch, number_of=K), batch.examples, strict=True):
            columns = [c for c, _, _ in query.conditions]
            assert len(columns) == len(set(columns)) == min(K, len(example.header))
            assert ("WHERE" in query.to_sql(example.table)) == (K > 0)
    small = Table("s", ("a", "b"), ("text", "real"), (("x", 1),))
    query = net.predict(Batch.of([Example("what is a", small)], device), number_of=4)[0]
    assert len(query.conditions) == 2


def test_type_masks_leave_only_what_can_be(device):
    net = model(device, seed=3)
    batch = Batch.of(CORPUS.examples, device)
    for query, example in zip(net.predict(batch, masks=True), batch.examples, strict=True):
        if example.table.types[query.select] == "text":
            assert AGGREGATIONS[query.aggregation] in ("", "COUNT")
        for c, o, _ in query.conditions:
            assert example.table.types[c] == "real" or o == 0


# the baseline


def test_a_serialisation_is_read_back(device):
    for example in CORPUS.examples:
        layout = Layout.of(example)
        K = len(example.query.conditions)
        for order in permutations(range(K)):
            target = layout.target(example, order)
            assert target[-1] == END
            found = Query(0, 0, layout.parse(example, target))
            wanted = Query(0, 0, tuple(example.query.conditions[i] for i in order))
            assert found.logical_form(wanted, example.table.types)
        assert layout.parse(example, []) == ()


def test_orders_of_training(device):
    example = next(e for e in CORPUS.examples if len(e.query.conditions) == 3)
    batch = Batch.of([example], device)
    columns = [c for c, _, _ in example.query.conditions]

    def orders(order, seed=0):
        with torch.device("cpu"):
            baseline = Seq2SQL(HashedEmbedding(8), 8, 1, order=order, slots=False)
        return baseline.orders(batch, torch.Generator("cpu").manual_seed(seed))[0]

    assert orders("given") == [0, 1, 2]
    assert [columns[i] for i in orders("schema")] == sorted(columns)
    assert len({tuple(orders("random", seed)) for seed in range(20)}) > 2


@pytest.mark.parametrize("feed", ["position", "state"])
def test_reinforcement_raises_the_reward_of_what_it_samples(device, feed):
    corpus = generate(8, 1, 3)
    with torch.device("cpu"):
        torch.manual_seed(0)
        baseline = Seq2SQL(HashedEmbedding(8), 8, 1, slots=False, feed=feed)
    baseline = baseline.to(device)
    batch = Batch.of(corpus.examples, device)
    loss, mean = baseline.reinforce_step(
        batch, corpus.database, torch.Generator("cpu").manual_seed(1), steps=6
    )
    loss.backward()
    assert -2 <= mean <= 1
    assert baseline.decoder.u.weight.grad.abs().sum() > 0
    example = corpus.examples[0]
    gold = example.query
    assert reward(corpus.database, example, gold.conditions) == 1
    assert reward(corpus.database, example, ()) <= 1
    real = next(i for i, k in enumerate(example.table.types) if k == "real")
    assert reward(corpus.database, example, ((real, 1, "no number"),)) == -2


def test_the_log_probability_of_a_greedy_clause_is_the_product_of_its_steps(device):
    example = next(e for e in CORPUS.examples if len(e.query.conditions) == 2)
    with torch.device("cpu"):
        torch.manual_seed(0)
        baseline = Seq2SQL(HashedEmbedding(16), 16, 1, slots=False)
    baseline = baseline.to(device)
    batch = Batch.of([example], device)
    keys, mask, state, H, (layout,) = baseline.encode(batch)
    total, last = 0.0, 7
    for position in layout.target(example, [1, 0]):
        scores, state = baseline.decoder(keys, mask, torch.tensor([[last]], device=device), state, H)
        total += scores[0, 0].log_softmax(-1)[position]
        last = position
    assert torch.allclose(baseline.log_probability(batch, [[1, 0]])[0], total, atol=1e-4)


# queries and the database


def test_orders_of_a_set_match_and_differ_as_logical_forms():
    example = next(e for e in CORPUS.examples if len(e.query.conditions) == 3)
    q, db = example.query, CORPUS.database
    forms = [q.ordered(list(p)) for p in permutations(range(3))]
    assert len({" ".join(f.serialise()) for f in forms}) == 6
    for form in forms:
        assert form.match(q)
        assert db.execute(example.table.id, form) == db.execute(example.table.id, q)
    assert sum(form.logical_form(q) for form in forms) == 1
    assert [c for c, _, _ in q.ordered("schema").conditions] == sorted(c for c, _, _ in q.conditions)
    assert q.serialise([2, 0, 1]) == q.ordered([2, 0, 1]).serialise()
    assert Query.from_dict(q.to_dict()) == q


def test_values_match_as_numbers_or_lower_case_texts():
    one = Query(0, 0, ((1, 0, "5"), (2, 0, "Oslo")))
    assert one.match(Query(0, 0, ((2, 0, "oslo"), (1, 0, 5.0))))
    assert not one.match(Query(0, 0, ((1, 1, "5"), (2, 0, "Oslo"))))
    both = Query(0, 0, ((1, 1, 3), (1, 2, 5)))
    assert not both.match(Query(0, 0, ((1, 1, 3),)))
    assert not Query(0, 0, ((0, 0, "05"),)).match(Query(0, 0, ((0, 0, "5"),)), ["text"])


def filtered(table, query):
    """The query, row by row in Python."""
    kept = []
    for row in table.rows:
        keep = True
        for c, o, v in query.conditions:
            real = table.types[c] == "real"
            cell = row[c] if row[c] is None else float(row[c]) if real else str(row[c]).lower()
            wanted = number(v) if real else str(v).lower()
            keep &= (
                cell is not None and (cell == wanted, cell > wanted, cell < wanted)[o]
                if cell is not None
                else False
            )
        if keep:
            cell = row[query.select]
            kept.append(cell if cell is None or table.types[query.select] == "real" else str(cell).lower())
    word = AGGREGATIONS[query.aggregation]
    present = [cell for cell in kept if cell is not None]
    if not word:
        return kept
    if word == "COUNT":
        return [len(present)]
    if not present:
        return [None]
    if word == "MAX":
        return [max(present)]
    if word == "MIN":
        return [min(present)]
    return [sum(present) if word == "SUM" else sum(present) / len(present)]


def test_execution_agrees_with_a_filter_of_rows():
    rng = random.Random(0)
    rows = tuple(
        (rng.choice(["a", "B", "c d", None]), rng.choice([None, *range(6)]), round(rng.uniform(-2, 2), 1))
        for _ in range(30)
    )
    table = Table("t", ("name", "count", "size"), ("text", "real", "real"), rows)
    db = Database([table])
    empty = 0
    for _ in range(1000):
        conditions = []
        for _ in range(rng.randint(0, 3)):
            c = rng.randrange(3)
            v = rng.choice(["A", "b", "c d", "zz"]) if c == 0 else rng.choice([0, 1, 2.5, "about 3", -1])
            conditions.append((c, rng.randrange(3), v))
        select = rng.randrange(3)
        query = Query(select, rng.choice([0, 3]) if select == 0 else rng.randrange(6), tuple(conditions))
        wanted, found = filtered(table, query), db.execute("t", query)
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert a == b or (a is not None and b is not None and math.isclose(a, b, abs_tol=1e-9)), query
        empty += not db.rows("t", query)
    assert empty > 50


def test_two_conditions_on_one_column():
    """`:col1` for both, as in the released code, lets the second value overwrite the first."""
    table = Table("t", ("x",), ("real",), tuple((i,) for i in range(10)))
    assert Database([table]).execute("t", Query(0, 0, ((0, 1, 3), (0, 2, 6)))) == [4, 5]


def test_nothing_can_be_written_or_injected():
    table = Table("t", ("a", "b"), ("text", "real"), (("x", 1), ("y", 2)))
    db = Database([table])
    assert db.execute("t", Query(0, 0, ((0, 0, "'; drop table t; --"),))) == []
    assert db.execute("t", Query(0, 3)) == [2]
    for statement in (
        "DROP TABLE table_t",
        "DELETE FROM table_t",
        "PRAGMA query_only = OFF",
        "ATTACH 'x.db' AS y",
    ):
        with pytest.raises(Exception, match=r"not authorized|readonly|prohibited"):
            db._connection.execute(statement)


def test_a_statement_that_takes_too_long_is_stopped():
    rows = tuple((i, i) for i in range(20000))
    db = Database([Table("t", ("a", "b"), ("real", "real"), rows)], seconds=-1.0)
    with pytest.raises(QueryError, match="took longer"):
        db.execute("t", Query(0, 4, ((0, 1, -1),)))


def test_real_columns_read_the_first_number():
    assert number("about 5,000") == 5000
    assert number("$1,250.50") == 1250.5
    assert number("-3%") == -3
    table = Table("t", ("a",), ("real",), ((5000,),))
    assert Database([table]).execute("t", Query(0, 0, ((0, 0, "about 5,000"),))) == [5000]
    with pytest.raises(QueryError, match="no number"):
        Database([table]).execute("t", Query(0, 0, ((0, 0, "many"),)))


# metrics


def test_metrics_nest_and_never_crash():
    rng = random.Random(1)
    examples, predictions = CORPUS.examples, []
    for example in examples:
        q = example.query
        choices = [
            q,
            q.ordered(list(range(len(q.conditions)))[::-1]),
            Query(q.select, 0, q.conditions),
            Query(99, 0),
            None,
            Query(q.select, q.aggregation, ((0, 1, "no number"),)),
        ]
        predictions.append(rng.choice(choices))
    found = evaluate(predictions, examples, CORPUS.database)
    assert set(found) == {*METRICS, "empty"}
    assert not (found["lf"] & ~found["qm"]).any()
    assert not (found["qm"] & ~found["ex"]).any()
    assert 0 < found["lf"].float().mean() < found["qm"].float().mean() < 1
    low, high = bootstrap(found["qm"])
    assert low < found["qm"].float().mean() < high
    perfect = evaluate([e.query for e in examples], examples, CORPUS.database)
    assert all(perfect[name].all() for name in METRICS)


def test_two_empty_results_are_right_and_counted():
    table = Table("t", ("a", "b"), ("text", "real"), (("x", 1),))
    example = Example("what is b for q", table, Query(1, 0, ((0, 0, "q"),)))
    verdict = judge(Query(1, 0, ((1, 1, 5),)), example, Database([table]))
    assert verdict["ex"] and verdict["empty"] and not verdict["qm"]


def test_a_failing_prediction_is_not_equal_to_a_failing_gold_query():
    table = Table("t", ("a", "b"), ("text", "real"), (("x", 1),))
    bad = Query(0, 0, ((1, 0, "none"),))
    assert not judge(bad, Example("what has none", table, bad), Database([table]))["ex"]


# tokens and the generator


def test_detokenised_values_are_written_as_in_the_question():
    rng = random.Random(0)
    kinds = [
        "person",
        "place",
        "street",
        "title",
        "company",
        "team",
        "code",
        "score",
        "date",
        "time",
        "money",
        "percent",
        *POOLS,
    ]
    for i in range(500):
        kind = kinds[i % len(kinds)]
        shown = written(value(kind, rng), kind, rng)
        question = f"What is the total for {shown}, when the year is 1900?"
        assert detokenize(tokenize(shown), question) == shown
        tokens = tokenize(question)
        a, b = find_span(tokenize(shown), tokens)
        assert b - a == len(tokenize(shown))
    assert detokenize(["-LRB-", "x", "-RRB-"], "the (x) one") == "(x)"
    assert detokenize(["a", "c"], "a b c") == "a c"


def test_generated_questions():
    corpus = generate(48, 5, 1, part="test")
    counts = [len(e.query.conditions) for e in corpus.examples]
    assert set(counts) == {1, 2, 3, 4}
    filled = [bool(corpus.database.rows(e.table.id, e.query)) for e in corpus.examples]
    assert sum(filled) >= 0.9 * len(filled)
    for e in corpus.examples:
        for (_, _, v), (s, t) in zip(e.query.conditions, e.spans, strict=True):
            assert e.text(range(s + 1, t + 1)).lower() == v.lower()
        assert 4 <= len(e.header) <= 8 and 8 <= len(e.table.rows) <= 20
    assert len({e.domain for e in corpus.examples}) == 24
    assert {e.domain for e in generate(10, 1, 0, part="test", unseen=True).examples} == {
        "ships",
        "restaurants",
        "wines",
    }
    train = generate(48, 5, 1)
    assert not {e.domain for e in train.examples} & {"ships", "restaurants", "wines"}
    assert not {e.table.rows for e in train.examples} & {e.table.rows for e in corpus.examples}
    assert [e.question for e in generate(48, 5, 1).examples] == [e.question for e in train.examples]
    several = [e for e in train.examples if len(e.query.conditions) > 1]
    mentioned = [list(e.spans) == sorted(e.spans) for e in several]
    assert 0.2 < sum(mentioned) / len(mentioned) < 0.7, "the query's order is not the question's"


# bad input


def test_bad_input_says_what_is_allowed(tmp_path):
    table = Table("t", ("a", "b"), ("text", "real"), (("x", 1),))
    db = Database([table])
    with pytest.raises(KeyError, match="no table 'u'"):
        db.execute("u", Query(0, 0))
    with pytest.raises(ValueError, match=r"column 7 is out of range: table 't' has 2 columns"):
        db.execute("t", Query(7, 0))
    with pytest.raises(ValueError, match=r"operator must be in 0\.\.2; got 3"):
        Query(0, 0, ((0, 3, "x"),))
    with pytest.raises(ValueError, match=r"aggregation must be in 0\.\.5; got 6"):
        Query(0, 6)
    with pytest.raises(ValueError, match="question must hold at least one word"):
        Example("  ", table)
    with pytest.raises(ValueError, match="it may have 200"):
        Example("word " * 300, table)
    with pytest.raises(ValueError, match="header must name"):
        Table("t", (), (), ())
    with pytest.raises(ValueError, match="row 0 has 1 cells"):
        Table("t", ("a", "b"), ("text", "real"), (("x",),))
    with pytest.raises(ValueError, match="'many' in the real column 'b'"):
        Table("t", ("a", "b"), ("text", "real"), (("x", "many"),))
    with pytest.raises(ValueError, match="does not stand in the question"):
        Example("what is b", table, Query(1, 0, ((0, 0, "x"),)))
    with pytest.raises(ValueError, match="parts must be some of"):
        SQLNet(HashedEmbedding(8), 8, 1, parts=("where",))
    with pytest.raises(ValueError, match="activation must be"):
        SQLNet(HashedEmbedding(8), 8, 1, activation="gelu")
    with pytest.raises(ValueError, match="d must be even"):
        SQLNet(HashedEmbedding(8), 7, 1)
    with pytest.raises(ValueError, match="order must be one of"):
        Seq2SQL(HashedEmbedding(8), 8, 1, order="best")
    with pytest.raises(ValueError, match="must pair up"):
        evaluate([], CORPUS.examples)
    with pytest.raises(ValueError, match="at least one example"):
        Batch.of([])
    with pytest.raises(ValueError, match="training sees no unseen"):
        generate(1, 1, 0, unseen=True)
    with pytest.raises(ValueError, match="order must be given, schema or a permutation of 0"):
        Query(0, 0).ordered("best")
