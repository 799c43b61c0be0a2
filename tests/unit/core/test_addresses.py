"""Which addresses a remote model's server may have."""

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.addresses import networks_of, why_denied

LAN = networks_of("192.168.1.0/24, 127.0.0.0/8, ::1/128, fd12:3456::/32, 0.0.0.0/0, ::/0")


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "11.0.0.1",
     "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "64:ff9b::8.8.8.8"],
)  # fmt: skip
def test_the_internet_may_be_asked(address: str) -> None:
    assert why_denied(address, ()) is None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.20", "100.64.0.1",
     "100.127.255.255", "::1", "fd12:3456::1", "fc00::1",
     "::ffff:192.168.1.20", "64:ff9b::192.168.1.20"],
)  # fmt: skip
def test_private_networks_only_where_the_operator_says_so(address: str) -> None:
    assert "AI_DISPATCH_REMOTE_NETWORKS" in (why_denied(address, ()) or "")
    assert "AI_DISPATCH_REMOTE_NETWORKS" in (why_denied(address, networks_of("192.168.2.0/24")) or "")
    assert why_denied(address, LAN) is None


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1",
     "255.255.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
     "100.100.100.200", "168.63.129.16",
     "::", "fe80::1", "fe80::a9fe:a9fe", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "2001:db8::1",
     "fd00:ec2::254", "fd20:ce::254", "4000::1", "e000::1",
     "::ffff:169.254.169.254", "::ffff:0:169.254.169.254", "::169.254.169.254", "64:ff9b::169.254.169.254",
     "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1", "2001:0:1:2:3:4:5601:5601", "2001:470::5efe:169.254.169.254",
     "fe80::1%eth0", "::1%lo", "localhost", "", "1.2.3.4.5", "127.1"],
)  # fmt: skip
def test_some_are_never_asked_whatever_the_operator_says(address: str) -> None:
    assert why_denied(address, LAN) is not None


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_a_form_that_carries_an_address_may_not_do_more_than_that_address(inner: IPv4Address) -> None:
    forms = (f"::ffff:{inner}", f"64:ff9b::{inner}", f"::ffff:0:{inner}")
    if why_denied(str(inner), ()) is not None:
        assert all(why_denied(form, ()) is not None for form in forms)


@settings(deadline=None)
@given(st.ip_addresses())
def test_an_allowed_network_opens_nothing_but_itself(address: object) -> None:
    lan = networks_of("10.1.0.0/16, fd00:1::/32")
    if why_denied(str(address), lan) != why_denied(str(address), ()):
        assert any(ip_address(str(address)) in network for network in lan)


@pytest.mark.parametrize("text", ["banana", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8;1.1.1.1"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no network such as"):
        networks_of(text)


def test_an_empty_list_allows_none() -> None:
    assert networks_of(" , ") == ()
    assert networks_of("10.0.0.0/8") == (ip_network("10.0.0.0/8"),)
