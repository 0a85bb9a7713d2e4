"""The stream's description in AsyncAPI 3, made of the messages' own models."""

from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tradepost import __version__
from tradepost.notifications.http.opening import StreamQuery
from tradepost.notifications.messages import SERVER_MESSAGES
from tradepost.notifications.model import Closing, Pong, Subscribe, Unsubscribe

CLIENT_MESSAGES: Final[tuple[type[BaseModel], ...]] = (Subscribe, Unsubscribe, Pong)
_SCHEMAS: Final = "#/components/schemas/{model}"
_DESCRIPTION: Final = """
What happens on a self-hosted peer-to-peer crypto exchange, told to those who wait for it. A
channel is `trades` or `notifications` (of the token's account), `prices:ETH-EUR` or
`offers:ETH-EUR` (of any market, for everybody). All but prices are numbered without a gap: `after`
is the number that a reader has seen before, and a reader who comes back names the last one that he
has. The same goes by server-sent events, at the same address.

The stream ends with one of these codes:

"""


@cache
def document() -> dict[str, Any]:
    """The document; nothing in it depends on an operator's settings."""
    codes = "\n".join(f"- {one.code}: {one.reason}" for one in Closing)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tradepost streams",
            "version": __version__,
            "description": (_DESCRIPTION + codes).strip(),
            "license": {
                "name": "Apache 2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
            "tags": [{"name": "streams"}],
        },
        "defaultContentType": "application/json",
        "servers": {
            "exchange": {
                "host": "127.0.0.1:8000",
                "protocol": "ws",
                "description": "An exchange on this machine; elsewhere it is wss.",
            }
        },
        "channels": {"stream": _channel()},
        "operations": {
            "tell": _operation("send", "What the exchange tells.", SERVER_MESSAGES),
            "hear": _operation("receive", "What a client may say.", CLIENT_MESSAGES),
        },
        "components": {
            "schemas": _schemas(),
            "messages": {
                model.__name__: _message(model) for model in (*SERVER_MESSAGES, *CLIENT_MESSAGES)
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token from `POST /v1/sessions`.",
                },
                "ticket": {
                    "type": "httpApiKey",
                    "name": "ticket",
                    "in": "query",
                    "description": "From `POST /v1/stream/tickets`, once, within a minute.",
                },
            },
        },
    }


def _channel() -> dict[str, Any]:
    return {
        "address": "/v1/stream",
        "description": "One connection for any of the channels, named in the query or later.",
        "messages": {
            model.__name__: {"$ref": f"#/components/messages/{model.__name__}"}
            for model in (*SERVER_MESSAGES, *CLIENT_MESSAGES)
        },
        "bindings": {
            "ws": {"method": "GET", "query": StreamQuery.model_json_schema()},
        },
    }


def _operation(action: str, summary: str, messages: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/stream"},
        "summary": summary,
        "messages": [
            {"$ref": f"#/channels/stream/messages/{model.__name__}"} for model in messages
        ],
    }


def _message(model: type[BaseModel]) -> dict[str, Any]:
    told = " ".join((model.__doc__ or "").split())
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples = extra["examples"]
    assert isinstance(examples, list)
    return {
        "name": model.__name__,
        "summary": told.partition(". ")[0].removesuffix(".") + ".",
        "payload": {"$ref": _SCHEMAS.format(model=model.__name__)},
        "examples": [{"payload": example} for example in examples],
    }


def _schemas() -> dict[str, Any]:
    models: list[tuple[type[BaseModel], Any]] = [
        *((model, "serialization") for model in SERVER_MESSAGES),
        *((model, "validation") for model in CLIENT_MESSAGES),
    ]
    _, made = models_json_schema(models, ref_template=_SCHEMAS)
    found: dict[str, Any] = made["$defs"]
    return found
