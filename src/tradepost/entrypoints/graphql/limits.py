"""What a query may be like, decided before anything of it is validated or run.

One walk over the document measures it. A fragment is measured once for each place that it is
measured alike in, however often it is spread: what fans out costs no more to refuse than to send.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from tradepost.entrypoints.graphql.schema import CORE, definition
from tradepost.kernel.errors import Problem

MAX_TOKENS: Final = 1_500
MAX_DEPTH: Final = 10
MAX_ALIASES: Final = 30
#: Fields as they are written, each spread of a fragment with all of its own.
MAX_FIELDS: Final = 400
#: How often one answer is asked for in one place: to see that all is alike is quadratic.
MAX_REPEATS: Final = 10
#: The JSON of the variables.
MAX_VARIABLES_BYTES: Final = 8_000
#: What the fields of one message of a subscription may come to.
MAX_MESSAGE_POINTS: Final = 1_000
#: A field that asks a room; each other one counts 1.
ASKING: Final = 50
#: The schema as a whole.
INTROSPECTION: Final = 2_000
#: Steps of the walk: far more than an honest document has.
_MAX_STEPS: Final = 20_000
#: Arguments that say how many entries a page has, and the lists that they are about.
_PAGED: Final = ("limit", "levels")
_PAGES: Final = frozenset({"data", "levels"})
#: How many entries a list has that no argument bounds, at its usual largest.
_SIZES: Final[Mapping[str, int]] = {
    "Exchange.currencies": 180,
    "MethodPricesList.data": 50,
    "PaymentField.options": 20,
    "PaymentMethod.fields": 8,
    "Trade.settlements": 3,
    "Trade.history": 15,
    "WorkingHours.spans": 14,
}
_USUAL_SIZE: Final = 10
_MOST: Final = 10**9


class QueryTooComplex(Problem):
    """The query is longer, deeper, or has more fields or aliases, than this server reads."""

    status = 422


class QueryTooCostly(Problem):
    """The query can ask for more than this server answers in one request."""

    status = 422


@dataclass(frozen=True, slots=True)
class Measure:
    """A part of a query: what it costs, how deep it goes, and how much is written in it."""

    cost: int = 0
    depth: int = 0
    aliases: int = 0
    fields: int = 0
    #: Fields that ask a room.
    lookups: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(
            min(_MOST, self.cost + other.cost),
            max(self.depth, other.depth),
            min(_MOST, self.aliases + other.aliases),
            min(_MOST, self.fields + other.fields),
            min(_MOST, self.lookups + other.lookups),
        )


def check(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    most: int,
) -> Measure:
    """What the operation comes to; raises `QueryTooComplex`, `QueryTooCostly`.

    Of the other operations and of fragments that nobody spreads only their form counts: they are
    validated, too.
    """
    walk = _Walk(document, operation, variables)
    whole = Measure()
    for part in document.definitions:
        if isinstance(part, OperationDefinitionNode):
            measured = walk.measure(part.selection_set, CORE.get_root_type(part.operation), 1)
            if part is operation:
                whole = measured
        elif isinstance(part, FragmentDefinitionNode):
            measured = walk.fragment(part.name.value, 1)
        else:
            raise QueryTooComplex("A document has operations and fragments only.")
        _within("fields", measured.fields, MAX_FIELDS)
        _within("depth", measured.depth, MAX_DEPTH)
        _within("aliases", measured.aliases, MAX_ALIASES)
    if whole.cost > most:
        raise QueryTooCostly(cost=whole.cost, limit=most)
    return whole


def _within(what: str, found: int, most: int) -> None:
    if found > most:
        raise QueryTooComplex(measure=what, found=found, limit=most)


@dataclass
class _Walk:
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    known: dict[tuple[str, int], Measure] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    steps: int = 0

    def __post_init__(self) -> None:
        self.fragments = {
            part.name.value: part
            for part in self.document.definitions
            if isinstance(part, FragmentDefinitionNode)
        }
        self.defaults = {
            one.variable.name.value: one.default_value
            for one in self.operation.variable_definitions or ()
        }

    def measure(
        self, selected: SelectionSetNode | None, parent: GraphQLObjectType | None, page: int
    ) -> Measure:
        """Of a selection in `parent`, None where that is not ours; `page` entries a page."""
        selections = () if selected is None else selected.selections
        keys = Counter(
            (one.alias or one.name).value for one in selections if isinstance(one, FieldNode)
        )
        _within("repeats", max(keys.values(), default=0), MAX_REPEATS)
        found = Measure()
        for one in selections:
            found += self._selection(one, parent, page)
        return found

    def _selection(
        self, one: SelectionNode, parent: GraphQLObjectType | None, page: int
    ) -> Measure:
        self.steps += 1
        _within("steps", self.steps, _MAX_STEPS)
        if isinstance(one, FieldNode):
            return self._field(one, parent, page)
        if isinstance(one, FragmentSpreadNode):
            return self.fragment(one.name.value, page)
        assert isinstance(one, InlineFragmentNode)
        inside = parent if one.type_condition is None else _type(one.type_condition.name.value)
        return self.measure(one.selection_set, inside, page)

    def fragment(self, name: str, page: int) -> Measure:
        """Of all that a fragment selects, each time that it is spread."""
        if name in self.open:
            raise QueryTooComplex(f"The fragment {name[:50]} spreads itself.")
        if (found := self.known.get((name, page))) is not None:
            return found
        part = self.fragments.get(name)
        if part is None:
            return Measure()  # which is said by validation
        self.open.add(name)
        parent = _type(part.type_condition.name.value)
        found = self.known[name, page] = self.measure(part.selection_set, parent, page)
        self.open.remove(name)
        return found

    def _field(self, one: FieldNode, parent: GraphQLObjectType | None, page: int) -> Measure:
        name = one.name.value
        aliased = int(one.alias is not None)
        if name in {"__schema", "__type"}:
            # graphql-core bounds how deep its lists go.
            inside = self.measure(one.selection_set, None, page)
            return Measure(INTROSPECTION, 1, inside.aliases + aliased, inside.fields + 1, 0)
        known = None if parent is None else parent.fields.get(name)
        asks, times = False, 1
        kind: GraphQLObjectType | None = None
        if known is not None and parent is not None:
            asks = getattr(definition(known), "base_resolver", None) is not None
            page = self._page(one, known.args, page)
            named = get_named_type(known.type)
            kind = named if isinstance(named, GraphQLObjectType) else None
            if kind is not None and _is_list(known.type):
                usual = _SIZES.get(f"{parent.name}.{name}")
                paged = name in _PAGES and usual is None
                times = page if paged else usual or _USUAL_SIZE
        inside = self.measure(one.selection_set, kind, page)
        return Measure(
            min(_MOST, (ASKING if asks else 1) + times * inside.cost),
            inside.depth + (parent is not None),
            inside.aliases + aliased,
            inside.fields + 1,
            inside.lookups + asks,
        )

    def _page(self, one: FieldNode, known: Mapping[str, Any], page: int) -> int:
        for name in _PAGED:
            if name not in known:
                continue
            usual = known[name].default_value
            page = usual if isinstance(usual, int) else _USUAL_SIZE
            for argument in one.arguments or ():
                if argument.name.value == name:
                    page = self._number(argument.value, page)
            return max(1, min(_MOST, page))
        return page

    def _number(self, value: Any, usual: int) -> int:
        if isinstance(value, VariableNode):
            name = value.name.value
            if name in self.variables:
                given = self.variables[name]
                return int(given) if isinstance(given, int | float) else usual
            value = self.defaults.get(name)
        if isinstance(value, IntValueNode):
            return int(value.value[:12])
        return usual


def _type(name: str) -> GraphQLObjectType | None:
    found = None if name.startswith("__") else CORE.type_map.get(name)
    return found if isinstance(found, GraphQLObjectType) else None


def _is_list(kind: Any) -> bool:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    return isinstance(kind, GraphQLList)
