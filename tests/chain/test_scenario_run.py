"""The run table: how many replicates each kind of work takes unless it is told."""

from darkhorn.chain.predict import PREDICTED_REPLICATES, REPLICATES
from darkhorn.chain.scenario import load_scenario


def test_predictions_have_more_replicates_than_what_shares_mesons() -> None:
    run = load_scenario("miniboone").run
    assert run.replicates is None
    assert run.predicted == PREDICTED_REPLICATES > run.shared == REPLICATES


def test_a_number_that_is_given_holds_for_both() -> None:
    told = load_scenario("miniboone", overrides=["run.replicates=12"]), load_scenario("miniboone", replicates=12)
    for scenario in told:
        run = scenario.run
        assert run.predicted == run.shared == run.replicates == 12
