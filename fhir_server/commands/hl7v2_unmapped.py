"""`attending hl7v2 unmapped|unconverted`: what no table maps, and what no mapping reads."""

import argparse
import json

from fhir_server.commands.hl7v2_texts import answered, instant, local_time, one_line
from fhir_server.commands.storage import reading
from fhir_server.hl7v2.segment_counts import as_json as count_json
from fhir_server.hl7v2.segment_counts import count_segments
from fhir_server.hl7v2.unmapped_view import code_json, concept_map
from fhir_server.settings import Settings
from fhir_server.store import hl7v2_unmapped
from fhir_server.store.hl7v2_log import Filter
from fhir_server.text_catalogue import say


def unmapped(settings: Settings, options: argparse.Namespace) -> int:
    """Print the local codes that results wait on, those of most results first."""

    def work() -> int:
        with reading(settings) as database:
            found = database.read_now(hl7v2_unmapped.codes)
        codes = [each for each in found if options.sender in ("", each.sender)]
        if options.concept_map:
            print(json.dumps(concept_map(codes), ensure_ascii=False, indent=2))
            return 0
        if options.json:
            print(
                "".join(json.dumps(code_json(c), ensure_ascii=False) + "\n" for c in codes), end=""
            )
            return 0
        if not codes:
            print(say(settings.language, "hl7v2.all-mapped"))
            return 0
        print(say(settings.language, "hl7v2.unmapped-columns"))
        for each in codes:
            cells = (str(each.results), each.sender, each.system, each.code or "-", each.display)
            since = local_time(each.since, settings)
            print("\t".join(one_line(cell) for cell in (*cells, since)))
        return 0

    return answered(settings, work)


def unconverted(settings: Settings, options: argparse.Namespace) -> int:
    """Print which segments were not converted, how often, of whom and why."""

    def work() -> int:
        asked = Filter(sender=options.sender, since=instant(options.since, settings))
        with reading(settings) as database:
            counts = database.read_now(lambda c: count_segments(c, asked, most=None))
        if options.json:
            print(json.dumps(count_json(counts), ensure_ascii=False, indent=2))
            return 0
        print(
            say(
                settings.language,
                "hl7v2.segment-counts",
                messages=counts.messages,
                segments=counts.segments,
                converted=counts.converted,
                reported=counts.reported,
            )
        )
        for each in counts.kinds:
            cells = (str(each.count), each.segment or "???", each.sender, each.reason)
            print("\t".join(one_line(cell) for cell in cells))
        return 0

    return answered(settings, work)
