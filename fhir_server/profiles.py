"""What each profile demands before the server may start."""

from fhir_server.settings import PREFIX, Settings, SettingsRefused
from security.endpoints import prefix_refusal
from security.network import is_loopback

BANNER = (
    "评估模式：未启用身份认证，仅监听本机地址；请勿存入真实患者数据。",
    "EVALUATION PROFILE: authentication is relaxed and only this machine can reach the server; "
    "keep real patients' data out of it.",
)


def check(settings: Settings) -> None:
    """Raise `SettingsRefused` with every reason why this profile must not start."""
    problems = _evaluation(settings) if settings.profile == "evaluation" else _production(settings)
    production = settings.profile == "production"
    problems += [
        f"{PREFIX}SUBSCRIPTION_ENDPOINTS: {prefix[:100]!r}: {why}"
        for prefix in settings.subscription_endpoints
        if (why := prefix_refusal(prefix, https_only=production)) is not None
    ]
    if problems:
        raise SettingsRefused(problems)


def _evaluation(settings: Settings) -> list[str]:
    return [
        f"{PREFIX}{name.upper()}={host}: the evaluation profile binds a loopback address only; "
        f"use 127.0.0.1, or set {PREFIX}PROFILE=production"
        for name in ("http_host", "mllp_host")
        if not is_loopback(host := str(getattr(settings, name)))
    ]


_NEEDED = {
    "tls_certificate": "PEM certificate chain of this server",
    "tls_key": "PEM private key of that certificate",
    "clients_file": "registered clients with their public keys",
    "base_url": "https URL under which clients reach this server",
}


def _production(settings: Settings) -> list[str]:
    needed = dict(_NEEDED)
    if settings.mllp_port:
        needed["mllp_client_ca"] = (
            f"PEM of the CA of the MLLP senders (or {PREFIX}MLLP_PORT=0 to turn MLLP off)"
        )
    problems = [
        f"{PREFIX}{name.upper()} is not set: {meaning}"
        for name, meaning in needed.items()
        if getattr(settings, name) is None
    ]
    if settings.base_url is not None and not settings.base_url.startswith("https://"):
        problems.append(f"{PREFIX}BASE_URL={settings.base_url}: production needs an https URL")
    return problems
