"""The walk that holds a record against one compiled profile."""

from collections.abc import Callable, Iterator

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.findings import Findings, Path
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profile_constraints import NotEvaluated, holds
from fhir_server.r4.profile_items import Item, children, is_exactly, matches_pattern
from fhir_server.r4.profile_slicing import Discriminator, Record, Undecidable, coded
from fhir_server.r4.profile_tables import Node, Profile, is_core
from fhir_server.r4.profile_value_sets import ValueSets

# Checked by their form wherever they stand (`primitives`); no list of their codes can exist.
_BY_FORM = frozenset(
    {
        "http://hl7.org/fhir/ValueSet/mimetypes",
        "http://hl7.org/fhir/ValueSet/all-languages",
    }
)


class ProfileWalk:
    """Checks items of one record; `profile_of` finds a compiled profile by its canonical URL."""

    def __init__(
        self,
        profile_of: Callable[[str], Profile | None],
        value_sets: ValueSets,
        record: JsonObject,
    ) -> None:
        self._profile_of = profile_of
        self._value_sets = value_sets
        self._root = record
        self._record = Record(record)
        self._tell = Discriminator(profile_of, value_sets, self.conforms, self._record)
        self._conforming: dict[tuple[int, str], bool] = {}
        self._near: dict[str, Issue] = {}

    def conforms(self, item: Item, canonical: str) -> bool | None:
        """Return whether `item` conforms to a profile; None where that cannot be known here."""
        if is_core(canonical):
            return item.type == self._tell.type_of(canonical)
        profile = self._profile_of(canonical)
        if profile is None:
            return None
        if item.type != profile.type:
            return False
        if item.value is None:
            return None
        key = (id(item.value), profile.url)
        if key not in self._conforming:
            self._conforming[key] = True  # resources that refer to each other meet here again
            scratch = Findings(in_transaction=False)
            self.check(item, profile, scratch)
            first = next((i for i in scratch.issues if i.severity == "error"), None)
            self._conforming[key] = first is None
            if first is not None:
                self._near.setdefault(profile.url, first)
        return self._conforming[key]

    def check(self, item: Item, profile: Profile, findings: Findings) -> None:
        """Record what `profile` finds wrong with `item`, a resource, datatype or extension."""
        for text in profile.unchecked:
            findings.warn("not-supported", f"Not checked: {text} ({profile.url}).", item.path)
        _Pass(self, profile, item, findings).one(profile.root, item)

    def kept_out(self, part: Node) -> str:
        """Return what kept a value of the right type out of a slice by profile, "" for none."""
        for node in (part, *part.children.values()):
            for url in (url for rule in node.types for url in rule.profiles):
                fault = self._near.get(url.partition("|")[0])
                if fault is not None:
                    return f"; what stands nearest breaks it at {fault.expression[0]}"
        return ""

    def reference_type(self, canonical: str) -> str | None:
        """Return the resource type that a profile is about; None where it is not loaded."""
        return self._tell.type_of(canonical)

    def codes(self, value_set: str) -> frozenset[tuple[str, str]] | None:
        """Return the codes of a value set with their systems; None where they are not known."""
        found = self._value_sets.codes(value_set)
        if found is None:
            return None
        return frozenset((system, code) for system, codes in found.items() for code in codes)

    def slice_of(self, node: Node, item: Item) -> tuple[int | None, dict[int, str]]:
        """Return which slice `item` belongs to, None for none; and those that it may belong to."""
        discriminators = () if node.slicing is None else node.slicing.discriminators
        doubts: dict[int, str] = {}
        for index, part in enumerate(node.slices):
            try:
                if not discriminators:
                    raise Undecidable("no discriminator")
                if self._tell.matches(part, item, discriminators):
                    return index, {}
            except Undecidable as reason:
                doubts[index] = str(reason)
        return None, doubts

    def targets(self, item: Item) -> Iterator[Item]:
        """Yield what a Reference meets."""
        return self._record.targets(item)

    def profile(self, canonical: str) -> Profile | None:
        """Return the compiled profile, None where it is not loaded."""
        return self._profile_of(canonical)

    @property
    def root(self) -> JsonObject:
        """The whole record."""
        return self._root


class _Pass:
    """One profile on one item."""

    def __init__(self, walk: ProfileWalk, profile: Profile, item: Item, findings: Findings) -> None:
        self._walk = walk
        self._profile = profile
        self._resource = item.value if type(item.value) is dict else {}
        self._findings = findings

    def one(self, node: Node, item: Item) -> None:
        """Record what `node` finds wrong with one value."""
        self._types(node, item)
        self._value(node, item)
        self._binding(node, item)
        self._constraints(node, item)
        inner = self._profile.nodes.get(node.content or "") if not node.children else None
        for child in (inner or node).children.values():
            kind = child.types[0].code if len(child.types) == 1 else ""
            self._group(child, list(children(item, child.name, kind)), item.path)

    def _group(self, node: Node, items: list[Item], at: Path, *, may_be_more: bool = False) -> None:
        if node.counted:
            self._count(node, len(items), at, may_be_more)
        for item in items:
            self.one(node, item)
        if node.slices:
            self._slices(node, items, at)

    def _count(self, node: Node, count: int, at: Path, may_be_more: bool) -> None:
        what = f"slice {node.slice_name!r}" if node.slice_name else node.name
        name = node.name.removesuffix("[x]")
        if count < node.min and not may_be_more:
            why = self._walk.kept_out(node) if node.slice_name else ""
            text = f"{what} is there {count} times, at least {node.min} are required{why}"
            self._add("required" if count == 0 else "structure", text, (at, name, None))
        elif node.max is not None and count > node.max:
            text = f"{what} is there {count} times, at most {node.max} are allowed"
            self._add("structure", text, (at, name, None))

    def _types(self, node: Node, item: Item) -> None:
        rules = [
            rule for rule in node.types if not item.type or rule.code in (item.type, "Resource")
        ]
        if node.name.endswith("[x]") and not rules and item.type:
            allowed = ", ".join(rule.code for rule in node.types)
            self._add("structure", f"The type is {item.type}, allowed is {allowed}", item.path)
            return
        targets = {url for rule in rules for url in rule.targets}
        if targets:
            self._targets(targets, item)
        # Extensions are held against their definitions wherever they stand (`profiles`).
        wanted = [url for rule in rules if rule.code != "Extension" for url in rule.profiles]
        if wanted and not any(not rule.profiles for rule in rules):
            self._profiles(wanted, item)

    def _targets(self, targets: set[str], item: Item) -> None:
        types = {self._walk.reference_type(url) for url in targets}
        if None in types or "Resource" in types:
            unknown = [url for url in sorted(targets) if self._walk.reference_type(url) is None]
            for url in unknown:
                self._findings.warn(
                    "not-found", f"Target profile {url} is not loaded: not checked.", item.path
                )
            return
        for target in self._walk.targets(item):
            if target.type not in types:
                allowed = ", ".join(sorted(t for t in types if t))
                text = f"This element refers to {allowed}, not to {target.type}"
                self._add("value", text, (item.path, "reference", None))

    def _profiles(self, wanted: list[str], item: Item) -> None:
        results = [self._walk.conforms(item, url) for url in wanted]
        if True in results:
            return
        if None in results:
            missing = [url for url, result in zip(wanted, results, strict=True) if result is None]
            text = f"Profile {', '.join(missing)} is not loaded: this value is not checked by it."
            self._findings.warn("not-found", text, item.path)
        elif len(wanted) == 1 and (profile := self._walk.profile(wanted[0])) is not None:
            self._walk.check(item, profile, self._findings)
        else:
            self._add("structure", f"The value conforms to none of {', '.join(wanted)}", item.path)

    def _value(self, node: Node, item: Item) -> None:
        if node.exact is not None and not is_exactly(node.exact, item.value):
            self._add("value", f"The value must be exactly {_shown(node.exact)}", item.path)
        elif node.pattern is not None and not matches_pattern(node.pattern, item.value):
            self._add("value", f"The value must hold {_shown(node.pattern)}", item.path)
        if node.max_length and type(item.value) is str and len(item.value) > node.max_length:
            text = f"The text is longer than {node.max_length} characters"
            self._add("too-long", text, item.path)

    def _binding(self, node: Node, item: Item) -> None:
        if node.binding is None or node.binding.partition("|")[0] in _BY_FORM or item.value is None:
            return
        codes = self._walk.codes(node.binding)
        if codes is None:
            text = f"The codes of {node.binding} are not known here: this code is not checked."
            self._findings.warn("not-supported", text, item.path)
        elif type(item.value) is str:
            if item.value not in {code for _, code in codes}:
                text = f"Code {item.value[:40]!r} is not of {node.binding}"
                self._add("code-invalid", text, item.path)
        elif type(item.value) is dict and not codes.intersection(coded(item)) and _is_coded(item):
            self._add("code-invalid", f"No coding is of {node.binding}", item.path)

    def _constraints(self, node: Node, item: Item) -> None:
        for rule in node.constraints:
            result = holds(
                rule.expression, item, self._element(node, item), self._resource, self._walk.root
            )
            if isinstance(result, NotEvaluated):
                text = f"{rule.key} could not be evaluated ({result.reason}): not checked."
                self._findings.warn("not-supported", text, item.path)
            elif not result and rule.severity == "error":
                self._add("invariant", f"{rule.text.rstrip('.')} ({rule.key})", item.path)
            elif not result:
                self._findings.warn("invariant", f"{rule.text} ({rule.key})", item.path)

    def _element(self, node: Node, item: Item) -> str:
        # A nested element has no type of its own: its path says what its choices are.
        if item.type and item.type not in ("BackboneElement", "Element"):
            return item.type
        return ".".join(part.partition(":")[0] for part in node.id.split("."))

    def _slices(self, node: Node, items: list[Item], at: Path) -> None:
        members: list[list[Item]] = [[] for _ in node.slices]
        doubtful: set[int] = set()
        order = _Order(node)
        for item in items:
            index, doubts = self._walk.slice_of(node, item)
            doubtful |= doubts.keys()
            if doubts:
                self._doubt(node, item, doubts)
                continue
            fault = order.fault(index, item)
            if fault is not None:
                self._add("structure", *fault)
            if index is not None:
                members[index].append(item)
        for index, (part, found) in enumerate(zip(node.slices, members, strict=True)):
            self._group(part, found, at, may_be_more=index in doubtful)

    def _doubt(self, node: Node, item: Item, doubts: dict[int, str]) -> None:
        """Say that a value may be of a slice, where the slice would ask something of it."""
        strict = node.slicing is None or node.slicing.ordered or node.slicing.rules != "open"
        for index, reason in doubts.items():
            if strict or _asks(node.slices[index]):
                name = f"slice {node.slices[index].slice_name!r} of {node.id}"
                text = f"Whether this is {name} cannot be told by {reason}: not checked."
                self._findings.warn("not-supported", text, item.path)
                return

    def _add(self, code: str, text: str, path: Path) -> None:
        self._findings.add(code, f"{text} ({self._profile.url}).", path)


class _Order:
    """What the slicing's rules say of the places of values, read from the first to the last."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._latest = -1
        self._outside: Path | None = None

    def fault(self, index: int | None, item: Item) -> tuple[str, Path] | None:
        """Return what is wrong and where, the next value being of slice `index` (None: of none)."""
        slicing = self._node.slicing
        if slicing is None:
            return None
        if index is None:
            self._outside = self._outside or item.path
            text = f"The value is of no slice of {self._node.id}"
            return (text, item.path) if slicing.rules == "closed" else None
        if self._outside is not None and slicing.rules == "openAtEnd":
            return "Values of no slice stand after the slices", self._outside
        is_late = slicing.ordered and index < self._latest
        self._latest = max(self._latest, index)
        return (f"The slices of {self._node.id} are out of order", item.path) if is_late else None


def _asks(part: Node) -> bool:
    """Whether a slice asks anything of its values, or that there be some."""
    return bool(part.min or part.fixes is not None or part.children or part.constraints)


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:120] + "…"


def _is_coded(item: Item) -> bool:
    return any(name in item.value for name in ("coding", "text", "code", "system"))
