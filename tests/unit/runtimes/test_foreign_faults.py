"""What a server that an admin entered means by a status."""

import pytest

from dispatcher.core.task import ModelId
from dispatcher.errors import RuntimeDenied, RuntimeRateLimited
from dispatcher.runtimes.foreign_faults import foreign_fault, retry_after_s

CLOUD = ModelId("cloud")
NOON = "Mon, 30 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"Retry-After": "37"}, 37.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "999999999"}, 3600.0),
        ({"Retry-After": "Mon, 30 Nov 2026 12:02:00 GMT", "Date": NOON}, 120.0),
        ({"Retry-After": "Mon, 30 Nov 2026 11:00:00 GMT", "Date": NOON}, 1.0),
        ({"Retry-After": "Mon, 30 Nov 2026 12:02:00", "Date": NOON}, 10.0),
        ({"Retry-After": "soon"}, 10.0),
        ({"Retry-After": "-5"}, 10.0),
        ({"Retry-After": "nan"}, 10.0),
        ({"Retry-After": "1e9"}, 10.0),
        ({"Retry-After": "²"}, 10.0),
        ({}, 10.0),
    ],
)
def test_when_to_come_again_is_read_from_numbers_and_dates_and_never_believed_too_far(
    headers: dict[str, str], expected_s: float
) -> None:
    assert retry_after_s(headers) == expected_s


@pytest.mark.parametrize(("status", "headers"), [(429, {}), (429, {"Retry-After": "5"}), (503, {"Retry-After": "5"})])
def test_a_server_that_has_had_enough_says_so(status: int, headers: dict[str, str]) -> None:
    fault = foreign_fault(status, headers, CLOUD)
    assert isinstance(fault, RuntimeRateLimited)
    assert fault.retry_after_s == retry_after_s(headers)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 402, 403, 404])
def test_one_that_doesnt_let_us_in_says_so(status: int) -> None:
    assert isinstance(foreign_fault(status, {}, CLOUD), RuntimeDenied)


@pytest.mark.parametrize("status", [400, 408, 413, 422, 500, 502, 503])
def test_the_rest_means_what_it_means_everywhere(status: int) -> None:
    assert foreign_fault(status, {}, CLOUD) is None
