"""From the exchange's JSON to its models."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tradepost_client.errors import AnswerMalformed

Answer = TypeVar("Answer", bound=BaseModel)


def answer(model: type[Answer], content: Any) -> Answer:
    """The content as its model; raises `AnswerMalformed`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # The place and the rule only: the content may hold a secret.
        places = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)[:5]
        )
        raise AnswerMalformed(f"The exchange's {model.__name__} is malformed: {places}.") from None


def items(content: Any) -> list[Any]:
    """The members of an answer that is a list; raises `AnswerMalformed`."""
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(data, list):
        raise AnswerMalformed("The exchange's list is malformed.")
    return data


def given(**members: Any) -> dict[str, Any]:
    """The members that are not None, for a body or a query."""
    return {name: value for name, value in members.items() if value is not None}
