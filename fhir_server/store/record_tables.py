"""The tables beside FHIR: HL7v2 messages, issued cards, feedback, bulk jobs, Subscriptions."""

from sqlalchemy import Index, String, Table
from sqlmodel import Field

from fhir_server.store.tables import Big, Flag, StoreTable, Text, metadata


def every_table() -> list[Table]:
    """Return all tables of the store, those of `tables` and those of this module."""
    return [*metadata.tables.values()]


class CardRow(StoreTable, table=True):
    """One card as it was issued; `issued` in microseconds since the epoch."""

    __tablename__ = "issued_card"
    uuid: str = Field(primary_key=True)
    service: str
    hook_instance: str
    risk_assessment: str | None
    issued: int = Field(sa_type=Big)


class FeedbackRow(StoreTable, table=True):
    """One entry of feedback; several for one card are kept, in order of arrival."""

    __tablename__ = "card_feedback"
    number: int | None = Field(default=None, primary_key=True)
    card: str = Field(index=True, foreign_key="issued_card.uuid")
    outcome: str
    outcome_at: int = Field(sa_type=Big)
    received: int = Field(sa_type=Big)
    accepted_suggestions: str
    override_reason: str | None
    user_comment: str | None


class HL7v2MessageRow(StoreTable, table=True):
    """One message: its bytes, stored before anything else, and its outcome.

    `sender` is MSH-3 and MSH-4 as they came, `key` what makes it unique (`store.hl7v2_keys`);
    times are microseconds since the epoch (UTC); `errors`, `warnings`, `account`, `superseded`
    and `decision` (what an operator decided on it) are JSON without patient content.
    """

    __tablename__ = "hl7v2_message"
    __table_args__ = (
        Index("hl7v2_message_by_key", "key", unique=True),
        Index("hl7v2_message_by_state", "state"),
    )
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    received: int = Field(sa_type=Big)
    channel: str
    peer: str
    sender: str
    control_id: str
    type: str
    sha256: str
    body: bytes
    state: str
    finished: int | None = Field(default=None, sa_type=Big)
    acknowledgment: bytes | None = None
    errors: str = "[]"
    warnings: str = "[]"
    account: str = "{}"
    superseded: str = "[]"
    key: str | None = None
    decision: str | None = None


class HL7v2UnmappedRow(StoreTable, table=True):
    """A stored result whose local code maps to no LOINC code: it waits for a mapping.

    `sender` is the scope of the code (the name under which its sender's codes are unique).
    """

    __tablename__ = "hl7v2_unmapped"
    __table_args__ = (
        Index("hl7v2_unmapped_by_resource", "type", "id"),
        {"sqlite_with_rowid": False},
    )
    sender: str = Field(primary_key=True, sa_type=Text)
    system: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(primary_key=True, sa_type=Text)
    type: str = Field(primary_key=True, sa_type=Text)
    id: str = Field(primary_key=True, sa_type=Text)
    display: str = Field(sa_type=String)


class HL7v2OriginRow(StoreTable, table=True):
    """The message that wrote a resource's content, and its age: an older one must not overwrite.

    `version` is the resource's version at that write: a later one was written by somebody else.
    `stated` is JSON of the room hl7v2: what other messages than that one say in the content.
    `identity` is what tells the resource from others of its patient, "" where that is not known.
    """

    __tablename__ = "hl7v2_origin"
    __table_args__ = ({"sqlite_with_rowid": False},)
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    settled: int = Field(sa_type=Flag)
    issued: int = Field(sa_type=Big)
    sent: int = Field(sa_type=Big)
    rank: int = Field(sa_type=Big)
    version: int
    message: str
    stated: str = Field(default="", sa_column_kwargs={"server_default": ""})
    identity: str = Field(default="", sa_column_kwargs={"server_default": ""})


class JobRow(StoreTable, table=True):
    """One bulk job; its files lie on the server `server`. Times: microseconds since the epoch.

    `owner` is the client that asked for it, '' where nobody has to say who he is; `request`,
    `progress` and `result` are JSON; `horizon` is an export's transactionTime; `attempts` counts
    how often the work was begun.
    """

    __tablename__ = "bulk_job"
    __table_args__ = (Index("bulk_job_by_state", "state"),)
    id: str = Field(primary_key=True)
    kind: str
    state: str
    owner: str
    server: str
    request: str
    progress: str
    result: str
    error: str
    created: int = Field(sa_type=Big)
    finished: int | None = Field(sa_type=Big)
    expires: int | None = Field(sa_type=Big)
    horizon: int | None = Field(sa_type=Big)
    attempts: int


class ExportHorizonRow(StoreTable, table=True):
    """One row: the instant (microseconds) behind which no version is written any more."""

    __tablename__ = "export_horizon"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: int = Field(sa_type=Big)


class SubscriptionRow(StoreTable, table=True):
    """What the server knows of a Subscription beside the resource; kept after its deletion.

    `revision` is one more with every change of what is watched for, so that each server sees in
    one look-up whether its filters are current. `type` is the watched resource type, `filters`
    a JSON list, `access` the JSON of what its client may see, `headers` the JSON list with the
    secrets that the resource does not show. `events` were counted, up to `delivered` they
    were taken. Times are microseconds since the epoch (UTC), 0 for never; `lease` names who is
    sending, until `leased_until`.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        Index("subscription_by_revision", "revision"),
        Index("subscription_by_status", "status", "due"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    revision: int = Field(sa_type=Big)
    type: str
    status: str
    filters: str
    access: str
    endpoint: str
    headers: str
    content: str
    media_type: str
    heartbeat: int = Field(sa_type=Big)
    timeout: int
    max_count: int
    ends: int = Field(sa_type=Big)
    events: int = Field(sa_type=Big)
    delivered: int = Field(sa_type=Big)
    attempts: int
    due: int = Field(sa_type=Big)
    sent: int = Field(sa_type=Big)
    failed: int = Field(sa_type=Big)
    reason: str
    lease: str
    leased_until: int = Field(sa_type=Big)


class SubscriptionEventRow(StoreTable, table=True):
    """One event of one Subscription: the version of the focus resource that it tells of."""

    __tablename__ = "subscription_event"
    __table_args__ = ({"sqlite_with_rowid": False},)
    subscription: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(primary_key=True, sa_type=Big, sa_column_kwargs={"autoincrement": False})
    interaction: str
    type: str = Field(sa_type=Text)
    focus: str = Field(sa_type=Text)
    version: int
    at: int = Field(sa_type=Big)


class ClosureStepRow(StoreTable, table=True):
    """One step of a client's closure table: `body` is the JSON of `terminology.service.closure`."""

    __tablename__ = "closure_step"
    __table_args__ = ({"sqlite_with_rowid": False},)
    name: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: str
