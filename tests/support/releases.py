"""A CodeSystem resource written as a release, to hold the two ways of reading it side by side."""

from pathlib import Path

from fhir_server.r4.codec import JsonObject
from terminology.releases.form import About, Body, Text
from terminology.releases.release import Release
from terminology.releases.writing import ReleaseWriter
from terminology.service.code_system import ListedCodeSystem


def written(folder: Path, resource: JsonObject) -> Release:
    """Return the release of a code system; every property of it can be filtered."""
    listed = ListedCodeSystem(resource)
    names = {each.code for concept in listed for each in concept.properties}
    writer = ReleaseWriter(folder, filterable=names)
    uses: list[JsonObject] = []
    for concept in listed:
        texts = []
        for each in concept.designations:
            if each.use is not None and each.use not in uses:
                uses.append(each.use)
            use = -1 if each.use is None else uses.index(each.use)
            texts.append(Text(each.value, each.language, use))
        writer.add(
            concept.code,
            Body(
                display=concept.display,
                definition=concept.definition,
                texts=tuple(texts),
                properties=tuple((p.code, p.kind, p.value) for p in concept.properties),
                status=concept.status,
                is_inactive=concept.is_inactive,
                is_abstract=concept.is_abstract,
            ),
        )
    for concept in listed:
        for parent in concept.parents:
            child, above = writer.position(concept.code), writer.position(parent)
            assert child is not None
            assert above is not None
            writer.link(child, above)
    head = {name: value for name, value in resource.items() if name != "concept"}
    about = About(url=listed.url, version=listed.version, head=head, uses=tuple(uses))
    return Release(writer.finish(about))
