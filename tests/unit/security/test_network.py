"""The evaluation profile answers on this machine only: which addresses are that?"""

import pytest

from security.network import is_loopback


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1"],
)
def test_stays_on_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.20",
        "128.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "attending.example-hospital.cn",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "127.1",
        "127.0.0.1:8080",
        "2130706433",
    ],
)
def test_reaches_or_may_reach_the_network(host: str) -> None:
    assert not is_loopback(host)
