"""Search on one type: plan, run, page.

The most selective criterion leads: its rows are counted up to a bound, the others are checked on
each candidate. Where every criterion matches much, the walk follows an index in its own order and
stops at the end of the page. So a page costs what it holds, not what the store holds.
"""

from dataclasses import replace

from sqlalchemy import Connection

from fhir_server.r4.search_parameters import SEARCH_PARAMETERS, normalise
from fhir_server.store import interning
from fhir_server.store.resources import Stored, moment
from fhir_server.store.search_query import (
    Criterion,
    Cursor,
    DateTerm,
    ReferenceTerm,
    SearchPage,
    SearchQuery,
    Sort,
    StringTerm,
    Term,
    TokenTerm,
)
from fhir_server.store.search_statements import (
    Order,
    Shape,
    count_statement,
    estimate_statement,
    page_statement,
    value_names,
)
from fhir_server.store.search_tests import KINDS, Test
from fhir_server.store.statements import SqlValue
