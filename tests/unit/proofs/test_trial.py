from tests.proofs.trial import Trial


def test_a_trial_ends_after_its_rounds_or_its_time_but_plays_one() -> None:
    assert list(Trial(seed=5, most_rounds=3).rounds()) == [5, 6, 7]
    assert list(Trial(seed=5, seconds=0).rounds()) == [5]


def test_the_round_that_failed_can_be_played_alone() -> None:
    trial = Trial(seed=5, most_rounds=9)
    for _, seed in zip(range(4), trial.rounds(), strict=False):
        assert seed == trial.last_seed
    assert list(Trial(seed=trial.last_seed, most_rounds=1).rounds()) == [trial.last_seed]
