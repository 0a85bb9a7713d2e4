"""Problems: every one of the exchange has a type of its own, a status and a sentence."""

import pytest

import tradepost.entrypoints.http  # noqa: F401 - it imports every room, so the registry is whole
from tradepost.kernel.errors import Problem, registry
from tradepost.kernel.openapi import problems


@pytest.mark.parametrize("problem", registry(), ids=lambda problem: problem.slug())
def test_every_problem_is_whole(problem: type[Problem]) -> None:
    assert problem.__doc__, "its own sentence, not its parent's"
    assert problem.title().endswith((".", "!"))
    assert "\n" not in problem.title()
    assert 400 <= problem.status < 600
    assert problem.type_uri() == f"urn:tradepost:problem:{problem.slug()}"
    assert problem.slug() == problem.slug().lower()
    # What is over by itself says so: a bot may try again.
    if problem.status == 503:
        assert problem.retryable


def test_no_two_problems_share_a_type() -> None:
    slugs = [problem.slug() for problem in registry()]
    assert slugs == sorted(set(slugs))


def test_a_body_tells_its_facts_beside_its_sentence() -> None:
    class SeatTaken(Problem):
        """The seat is taken."""

        status = 409

    assert SeatTaken("It is 12A.", seat="12A", row=12).body() == {
        "type": "urn:tradepost:problem:seat-taken",
        "title": "The seat is taken.",
        "status": 409,
        "retryable": False,
        "detail": "It is 12A.",
        "seat": "12A",
        "row": 12,
    }
    assert "detail" not in SeatTaken().body()
    assert str(SeatTaken()) == "The seat is taken."


def test_an_operation_tells_its_problems_by_status() -> None:
    from tradepost.offers.model import OfferAlreadyTaken, OfferNotActive

    told = problems(OfferNotActive, OfferAlreadyTaken)
    assert set(told) == {409, 422, 429, 503}
    content = told[409]["content"]["application/problem+json"]
    assert set(content["examples"]) == {"offer-not-active", "offer-already-taken"}
    assert content["examples"]["offer-not-active"]["value"] == OfferNotActive().body()
