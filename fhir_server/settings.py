"""The settings tree: every variable `ATTENDING_*`, its default and its meaning.

docs/reference/settings.md is the same list for people; a test keeps the two equal.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.contract import Language
from inference.features.risk_regions import RiskRegion, RiskRegions

PREFIX = "ATTENDING_"


class SettingsRefused(RuntimeError):
    """The settings do not allow a start; each line says which variable and how to mend it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Settings(BaseSettings):
    """One deployment's settings, read from the environment once at start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    profile: Literal["evaluation", "production"] = Field(
        "evaluation", description="evaluation: loopback only, no authentication; or production"
    )
    http_host: str = Field("127.0.0.1", description="address that the HTTP server binds")
    http_port: int = Field(8080, ge=1, le=65535, description="port of the HTTP server")
    mllp_host: str = Field("127.0.0.1", description="address that the MLLP listener binds")
    mllp_port: int = Field(
        2575, ge=0, le=65535, description="port of the MLLP listener; 0 turns it off"
    )
    base_url: str | None = Field(
        None, description="URL under which clients reach this server, without a slash at its end"
    )
    data_dir: Path = Field(Path("data"), description="folder of the database and its files")
    database_url: str | None = Field(
        None,
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE; default: "
        "attending.db in the data folder",
    )
    language: Language = Field("zh-CN", description="zh-CN or en, where a client names none")
    region: str = Field(
        "CN",
        pattern="^[A-Z]{2}$",
        description="ISO 3166 country of the patients: which validation evidence counts, and which "
        "baseline risk of KFRE",
    )
    score2_region: RiskRegion | None = Field(
        None,
        description="SCORE2 risk region in Europe: low, moderate, high or very-high; none: SCORE2, "
        "SCORE2-OP and SCORE2-Diabetes make no estimate",
    )
    score2_asia_pacific_region: RiskRegion | None = Field(
        None,
        description="SCORE2 Asia-Pacific risk region: low, moderate, high or very-high (China: "
        "high); none: that model makes no estimate",
    )
    timezone: str = Field(
        "Asia/Shanghai", description="IANA zone of dates and HL7v2 times that name none"
    )
    local_codes: Path | None = Field(
        None, description="ConceptMap file, or folder of them, from local codes to LOINC"
    )
    terminology_dir: Path | None = Field(
        None,
        description="folder of the releases of SNOMED CT, LOINC and other large terminologies; "
        "default: terminology in the data folder",
    )
    profiles_dir: Path | None = Field(
        None, description="folder of unpacked FHIR packages whose profiles records are held to"
    )
    unknown_profiles: Literal["warn", "refuse"] = Field(
        "warn",
        description="a record that claims a profile that is not loaded: warn stores it, refuse is "
        "a 422",
    )
    hl7v2_profiles: Mapping[str, str] = Field(
        {},
        description="JSON object: resource type to the loaded profile that what HL7v2 messages "
        "become is held to",
    )
    identifier_systems: Mapping[str, str] = Field(
        {}, description="JSON object: HL7v2 assigning authority to identifier system URI"
    )
    hl7v2_charset: str | None = Field(
        None, description="charset of HL7v2 messages without MSH-18; default: UTF-8, checked"
    )
    hl7v2_senders: Path | None = Field(
        None,
        description="JSON file of the senders whose HL7v2 messages are taken; none: anybody who "
        "may connect",
    )
    hl7v2_acknowledge: Literal["processed", "stored"] = Field(
        "processed",
        description="when AA of original mode is sent: when the message is in the record, or when "
        "it is kept",
    )
    mllp_addresses: tuple[str, ...] = Field(
        (),
        description="JSON array of addresses and CIDR ranges that may connect to the MLLP "
        "listener; none: all",
    )
    mllp_connections: int = Field(
        512, ge=1, le=10_000, description="MLLP connections at once, those in a handshake included"
    )
    mllp_connections_per_address: int = Field(
        256, ge=1, le=10_000, description="MLLP connections at once from one address"
    )
    hl7v2_processing_ids: tuple[Literal["P", "D", "T"], ...] | None = Field(
        None,
        description="JSON array of the MSH-11 values that are taken; default: P, in evaluation "
        "P, D and T",
    )
    validated_models: tuple[str, ...] = Field(
        (), description="JSON array of ID@VERSION that this hospital validated on its patients"
    )
    models_dir: Path | None = Field(
        None,
        description="folder of installed releases of models and of their states; default: models "
        "in the data folder",
    )
    models_trusted_keys: tuple[Path, ...] = Field(
        (),
        description="JSON array of public key files; where one is named, and in production, a "
        "release of a model must be signed by one of them",
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="JSON array of origins whose pages may call; evaluation adds loopback"
    )
    body_limit: int = Field(
        5 * 1024 * 1024, ge=1024, description="largest HTTP body and HL7v2 message, in bytes"
    )
    import_dir: Path | None = Field(
        None, description="folder of NDJSON files that $import may read; none: posted lines only"
    )
    import_limit: int = Field(
        1024**3, ge=1024, description="largest NDJSON body of $import, in bytes"
    )
    job_hours: int = Field(
        24, ge=1, le=24 * 365, description="hours that a finished bulk job and its files are kept"
    )
    clients_file: Path | None = Field(
        None, description="registered clients and their public keys (production)"
    )
    tls_certificate: Path | None = Field(None, description="PEM certificate chain (production)")
    tls_key: Path | None = Field(None, description="PEM private key (production)")
    mllp_client_ca: Path | None = Field(
        None, description="PEM of the CA whose MLLP senders are let in (production)"
    )
    subscription_endpoints: tuple[str, ...] = Field(
        (),
        description="JSON array of URL prefixes, each ending in a slash, that notifications may "
        "be sent to; evaluation adds loopback",
    )
    subscription_attempts: int = Field(
        12, ge=1, le=100, description="failed deliveries in a row until a Subscription is in error"
    )
    subscription_retention_days: int = Field(
        7, ge=1, le=90, description="days that events of Subscriptions are kept for $events"
    )
    otlp_endpoint: str | None = Field(
        None, description="OTLP/HTTP endpoint for traces; none: traces stay in the process"
    )
    trace_ratio: float = Field(0.1, ge=0, le=1, description="share of requests that are traced")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level of the JSON log on standard error"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, such as Asia/Shanghai") from error
        return value

    @field_validator("mllp_addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError as error:
                raise ValueError(f"{each!r} is no address and no range (10.1.0.0/16)") from error
        return value

    @field_validator("base_url")
    @classmethod
    def _bare_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must be an absolute http(s) URL")
        return value.rstrip("/") if value else value

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates that name none."""
        return ZoneInfo(self.timezone)

    @property
    def risk_regions(self) -> RiskRegions:
        """The risk regions of the SCORE2 models that are stated."""
        return RiskRegions(self.score2_region, self.score2_asia_pacific_region)

    @property
    def public_url(self) -> str:
        """The URL under which clients reach this server."""
        scheme = "https" if self.profile == "production" else "http"
        return self.base_url or f"{scheme}://{self.http_host}:{self.http_port}"

    @property
    def processing_ids(self) -> frozenset[str]:
        """The MSH-11 values that are taken into the record."""
        if self.hl7v2_processing_ids is not None:
            return frozenset(self.hl7v2_processing_ids)
        return frozenset("P" if self.profile == "production" else "PDT")

    @property
    def store_url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'attending.db'}"

    @property
    def releases_folder(self) -> Path:
        """Where the releases of large terminologies are."""
        return self.terminology_dir or self.data_dir / "terminology"

    @property
    def models_folder(self) -> Path:
        """Where installed releases of models and their states are."""
        return self.models_dir or self.data_dir / "models"


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the `ATTENDING_` variables that no setting reads: a typing slip must not pass."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return sorted(n for n in environment if n.upper().startswith(PREFIX) and n.upper() not in known)
