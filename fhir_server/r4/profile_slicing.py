"""Which slice a repeat belongs to: the discriminators of R4 profiling.html#discriminator."""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.profile_items import Item, children, is_exactly, matches_pattern, root_item
from fhir_server.r4.profile_tables import CORE, Node, Profile, TypeRule
from fhir_server.r4.profile_value_sets import ValueSets
from fhir_server.r4.references import parse_reference

_STEP = re.compile(r"extension\('[^']+'\)|resolve\(\)|ofType\(\w+\)|\$this|\w+")

Conforms: TypeAlias = Callable[[Item, str], bool | None]


class Undecidable(Exception):
    """The slice's definition does not say what the discriminator should meet."""


class Discriminator:
    """Decides for one record: it knows the profiles, the value sets and what references meet."""

    def __init__(
        self,
        profile_of: Callable[[str], Profile | None],
        value_sets: ValueSets,
        conforms: Conforms,
        record: "Record",
    ) -> None:
        self._profile_of = profile_of
        self._value_sets = value_sets
        self._conforms = conforms
        self._record = record

    def matches(self, part: Node, item: Item, discriminators: tuple[tuple[str, str], ...]) -> bool:
        """Return whether `item` belongs to the slice `part`; Undecidable where none can say."""
        doubt: Undecidable | None = None
        for kind, path in discriminators:
            try:
                if not self._matches(part, item, kind, path):
                    return False
            except Undecidable as reason:
                doubt = reason
        if doubt is not None:
            raise doubt
        return True

    def _matches(self, part: Node, item: Item, kind: str, path: str) -> bool:
        steps = [step for step in _STEP.findall(path) if step != "$this"]
        if kind in ("value", "pattern"):
            return self._holds(part, item, steps)
        nodes, items = [part], [item]
        resolved = False
        for step in steps:
            resolved = step == "resolve()"
            if resolved:
                items = [target for one in items for target in self._record.targets(one)]
            else:
                nodes = [child for node in nodes for child in self._below(node, step)]
                items = [value for one in items for value in _step(one, step)]
        if kind == "exists":
            return _exists(nodes, items)
        if not nodes:
            raise Undecidable(path)
        rules = [rule for node in nodes for rule in node.types]
        if kind == "type":
            return any(self._is_of(one, rules, resolved) for one in items)
        return self._profiled(items, rules, resolved)

    def _profiled(self, items: list[Item], rules: list[TypeRule], resolved: bool) -> bool:
        wanted = [url for rule in rules for url in (rule.targets if resolved else rule.profiles)]
        if not wanted:
            return self._is_of_any(items, rules)
        results = [self._conforms(one, url) for one in items for url in wanted]
        if True not in results and None in results:
            raise Undecidable(f"{wanted[0]}, which is not loaded or not in this record")
        return True in results

    def _is_of_any(self, items: list[Item], rules: list[TypeRule]) -> bool:
        return any(self._is_of(one, rules, False) for one in items)

    def _is_of(self, item: Item, rules: list[TypeRule], resolved: bool) -> bool:
        if not resolved:
            return any(item.type == rule.code for rule in rules)
        return any(item.type == self.type_of(url) for rule in rules for url in rule.targets)

    def type_of(self, canonical: str) -> str | None:
        """Return the resource type that a profile is about; None where it is not loaded."""
        profile = self._profile_of(canonical)
        if profile is not None:
            return profile.type
        plain = canonical.partition("|")[0]
        return plain.removeprefix(CORE) if plain.startswith(CORE) else None

    def _holds(self, node: Node, item: Item, steps: list[str]) -> bool:
        """Return whether what `node` fixes on the way to the end of `steps` is met by `item`."""
        if node.exact is not None:
            return is_exactly(node.exact, item.value)
        if node.pattern is not None:
            return matches_pattern(node.pattern, item.value)
        if not steps:
            return self._end_holds(node, item)
        step, rest = steps[0], steps[1:]
        if step == "resolve()":
            return any(self._holds(node, target, rest) for target in self._record.targets(item))
        below = list(self._below(node, step))
        if not below:
            raise Undecidable(step)
        return any(self._holds(child, one, rest) for child in below for one in _step(item, step))

    def _end_holds(self, node: Node, item: Item) -> bool:
        parts = [child for child in node.children.values() if _says(child)]
        if parts:
            return all(
                any(self._holds(child, one, []) for one in children(item, child.name))
                for child in parts
            )
        required = [part for part in node.slices if part.min > 0 and _says(part)]
        if required:
            return any(self._holds(part, item, []) for part in required)
        if node.binding:
            codes = self._value_sets.codes(node.binding)
            if codes is not None:
                return bool(set(coded(item)) & {(s, c) for s, all_ in codes.items() for c in all_})
        raise Undecidable(node.id)

    def _below(self, node: Node, step: str) -> Iterator[Node]:
        """Yield the definitions of `step` below `node`: or in its types' profiles."""
        name = "extension" if step.startswith("extension(") else step
        own = node.children.get(name) or node.children.get(name + "[x]")
        if own is None and name.startswith("ofType("):
            yield node
        elif own is not None:
            yield own
            yield from (part for part in own.slices if part.min > 0)
        for rule in node.types:
            for url in rule.profiles:
                profile = self._profile_of(url)
                if profile is not None and name in profile.root.children:
                    yield profile.root.children[name]
                elif profile is None and (rule.code, name) == ("Extension", "url"):
                    yield Node(name="url", id="Extension.url", exact=url.partition("|")[0])


class Record:
    """The whole record that is validated, to find what its references meet inside it."""

    def __init__(self, resource: JsonObject) -> None:
        self._by_url: dict[str, Item] = {}
        path = (None, str(resource.get("resourceType")), None)
        for index, inner in enumerate(resource.get("contained", ())):
            self._by_url["#" + inner["id"]] = root_item(inner, (path, "contained", index))
        if resource.get("resourceType") == "Bundle":
            for index, entry in enumerate(resource.get("entry", ())):
                if "resource" in entry:
                    self._enter(entry, ((path, "entry", index), "resource", None))

    def _enter(self, entry: JsonObject, path: tuple[object, str, int | None]) -> None:
        resource = entry["resource"]
        item = root_item(resource, path)  # type: ignore[arg-type]
        if "fullUrl" in entry:
            self._by_url[entry["fullUrl"]] = item
        if "id" in resource:
            self._by_url.setdefault(f"{resource['resourceType']}/{resource['id']}", item)

    def targets(self, reference: Item) -> Iterator[Item]:
        """Yield what the Reference meets: the resource, or its bare type where it is elsewhere."""
        text = reference.value.get("reference") if type(reference.value) is dict else None
        if text is None:
            return
        if text in self._by_url:
            yield self._by_url[text]
            return
        try:
            kind = parse_reference(text).type
        except ValueError:
            return
        if kind is not None:
            yield Item(None, None, kind, reference.path)


def coded(item: Item) -> Iterator[tuple[str | None, str]]:
    """Yield (system, code) of a Coding, CodeableConcept or Quantity."""
    if type(item.value) is dict:
        for coding in item.value.get("coding", (item.value,)):
            if "code" in coding:
                yield coding.get("system"), coding["code"]


def _says(node: Node) -> bool:
    return node.fixes is not None or any(map(_says, (*node.children.values(), *node.slices)))


def _exists(nodes: list[Node], items: list[Item]) -> bool:
    if any(node.max == 0 for node in nodes):
        return not items
    if any(node.min > 0 for node in nodes):
        return bool(items)
    raise Undecidable("exists")


def _step(item: Item, step: str) -> Iterator[Item]:
    if step.startswith("ofType("):
        if item.type == step[7:-1]:
            yield item
        return
    if step.startswith("extension("):
        url = step[11:-2]
        found = children(item, "extension", "Extension")
        yield from (one for one in found if one.value.get("url") == url)
        return
    yield from children(item, step)
    if type(item.value) is dict and step not in item.value:
        yield from children(item, step + "[x]")  # a path names a choice without its type
