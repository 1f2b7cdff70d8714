"""What docs/scale.md tells, and the simulation that it tells it from."""

from __future__ import annotations

import pytest

from infra.aws import scale, simulation
from infra.aws.simulation import Rules, Simulation, Situation
from infra.aws.sizing import Indexer, Measured, chosen, configured

RULES = Rules(work_s=50, visibility_s=360, receives=10, messages=10)
SITUATION = Situation(
    objects=10, lines=1000, index_s=0.05, cold_s=0.4, pollers=5, server=20_000, waiting=1e6, rules=RULES, seconds=120
)
FIGURES = Measured(
    line_s=1e-5, object_s=1e-3, cold_s=0.1, peak_mb=80, documents=1.8, body=1500, wire=150, server_s=2.5e-4
)


@pytest.mark.slow
def test_the_tables_of_the_document_are_what_the_measurements_make(tmp_path, monkeypatch, capsys):
    document = scale.DOCUMENT.read_text()
    monkeypatch.setattr(scale, "DOCUMENT", tmp_path / "scale.md")
    scale.DOCUMENT.write_text(document.replace("chosen**", "of long ago**"))
    scale.main()
    assert scale.DOCUMENT.read_text() == document, "run: make scale"
    assert {line for line in capsys.readouterr().out.splitlines() if line} < {*document.splitlines()}


def test_a_document_without_a_tables_marks_is_not_written():
    with pytest.raises(SystemExit, match="marks of memory are missing"):
        scale.written("# What indexing costs\n", {"memory": ["| 512 |"]})


def test_what_was_not_measured_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "RESULTS", tmp_path / "results.json")
    scale.RESULTS.write_text('{"gz": {"cpu_s": 1, "records": 1}}')
    with pytest.raises(SystemExit, match=r"results\.json lacks 'drops'.*make bench"):
        scale.main()


def test_of_the_memories_the_least_that_has_room_and_time_is_chosen():
    assert chosen(FIGURES, configured()).memory == 512  # 256 MB have the room; a million lines take too long
    assert chosen(FIGURES._replace(line_s=5e-6), configured()).memory == 256
    assert chosen(FIGURES._replace(line_s=5e-6, peak_mb=150), configured()).memory == 512


def test_more_memory_makes_what_computes_faster_and_what_waits_dearer():
    small, large = Indexer(FIGURES, 512), Indexer(FIGURES, 1024)
    assert small.seconds(1_000_000) == pytest.approx(2 * large.seconds(1_000_000), rel=0.01)
    assert small.dollars(1_000_000) == pytest.approx(large.dollars(1_000_000), rel=0.01)
    assert small.gb_seconds(1) < 0.6 * large.gb_seconds(1)


def test_the_same_situation_has_the_same_outcome():
    assert Simulation(SITUATION).run() == Simulation(SITUATION).run()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"pollers": 1},
        {"environments": 2, "pollers": 10},
        {"server": 5000.0},
        {"server": 5000.0, "waiting": 2000.0, "pollers": 20},
        {"outage": (60.0, 1200.0)},
        {"outage": (0.0, 9000.0), "objects": 0.1},
    ],
    ids=str,
)
def test_each_drop_is_indexed_or_dead_in_the_end(changed):
    outcome = Simulation(SITUATION._replace(**changed)).run()
    assert outcome.arrived > 5
    assert outcome.settled
    assert outcome.concurrency <= min(changed.get("pollers", 5), changed.get("environments", 1000))


def test_with_enough_invocations_a_drop_waits_for_no_other():
    outcome = Simulation(SITUATION).run()
    assert outcome.age(0.99) < 1
    assert (outcome.throttled, outcome.refused, outcome.handed_back, outcome.dead) == (0, 0, 0, 0)


def test_pollers_grow_by_three_hundred_a_minute():
    slow = RULES._replace(messages=1, work_s=1000, visibility_s=6000)
    burst = SITUATION._replace(objects=1000, index_s=100, pollers=1000, seconds=1, server=1e9, rules=slow)
    # Five a second: when the half of a thousand drops has begun, a hundred seconds are over, and the first are done.
    assert Simulation(burst).run().age(0.5) == pytest.approx(100 + 100, abs=5)


def test_no_more_is_received_than_may_be_in_flight(monkeypatch):
    down = SITUATION._replace(outage=(0.0, 300.0), pollers=20)
    assert Simulation(down).run().in_flight > 100
    monkeypatch.setattr(simulation, "MOST_IN_FLIGHT", 100)
    outcome = Simulation(down).run()
    assert outcome.in_flight < 100 + RULES.messages
    assert outcome.settled


def test_a_server_that_holds_no_more_refuses_and_what_is_handed_back_is_late():
    slow = SITUATION._replace(server=5000.0, waiting=2000.0, pollers=20, seconds=300)
    outcome = Simulation(slow).run()
    assert outcome.refused > outcome.handed_back > 0
    assert outcome.age(1) > RULES.visibility_s


def test_after_as_many_receives_as_are_allowed_a_drop_is_dead():
    down = SITUATION._replace(objects=1 / 60, outage=(0.0, 50_000.0), seconds=600)
    outcome = Simulation(down).run()
    assert outcome.dead == outcome.arrived
    assert outcome.handed_back == RULES.receives * outcome.dead
    shorter = Simulation(down._replace(outage=(0.0, 0.9 * RULES.receives * RULES.visibility_s - 600))).run()
    assert shorter.dead == 0


def test_a_drop_that_finds_the_account_full_is_handed_back_when_lambda_gives_it_up():
    full = SITUATION._replace(objects=1, index_s=30, environments=1, pollers=5, seconds=900)
    outcome = Simulation(full).run()
    assert outcome.throttled > 0
    assert outcome.handed_back > 0
    assert outcome.concurrency == 1
