"""The official Python client `fastly`, pointed at Portico's admin port: every way it has to purge, and its WAF's simulation."""

import sys
import urllib.request

import fastly
from fastly.api import ngwaf_simulate_api, purge_api

ADMIN, SITE = sys.argv[1], sys.argv[2]


def page(path):
    request = urllib.request.Request(SITE + path, headers={"Host": "shop.example"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def pages():
    return [page(path) for path in ("/a", "/b", "/c")]


def gone(purge):
    """Which of the three pages are made anew after a purge."""
    before = pages()
    assert before == pages(), "pages are not cached"
    purge()
    return "".join(name for name, old, new in zip("abc", before, pages()) if old != new)


def api(token="client-secret"):
    configuration = fastly.Configuration(host=ADMIN)
    configuration.api_token = token
    return purge_api.PurgeApi(fastly.ApiClient(configuration))


def simulated(target, workspace="shop.example"):
    configuration = fastly.Configuration(host=ADMIN)
    configuration.api_token = "client-secret"
    firewall = ngwaf_simulate_api.NgwafSimulateApi(fastly.ApiClient(configuration))
    raw = f"GET {target} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0\r\n\r\n"
    return firewall.ngwaf_simulate_waf_request(
        workspace_id=workspace, waf_simulate_request={"request": raw})


def refused(kind, call, words=""):
    try:
        call()
    except kind as fault:
        assert words in str(fault), fault
    else:
        raise AssertionError("it was not refused")


client = api()
service = {"service_id": "shop.example"}


def one():
    answer = client.purge_tag(surrogate_key="page-a", **service)
    assert answer.status == "ok" and len(answer.id) == 32, answer


def many():
    answer = client.bulk_purge_tag(surrogate_key="page-a page-b", **service)
    assert set(answer.to_dict()) == {"page-a", "page-b"}, answer


def listed():
    answer = client.bulk_purge_tag(
        purge_response={"surrogate_keys": ["page-b", "page-c"]}, **service)
    assert set(answer.to_dict()) == {"page-b", "page-c"}, answer


def everything():
    assert client.purge_all(**service).status == "ok"


def url():
    answer = client.purge_single_url(cached_url="shop.example/c")
    assert answer.status == "ok" and answer.id, answer


def soft():
    assert client.purge_tag(surrogate_key="page-a", fastly_soft_purge=1, **service).status == "ok"


assert gone(one) == "a"
assert gone(many) == "ab"
assert gone(listed) == "bc"
assert gone(everything) == "abc"
assert gone(url) == "c"
# Without a time for which it may be served stale, it is validated at once.
assert gone(soft) == "a"

refused(fastly.exceptions.UnauthorizedException, lambda: api("none").purge_all(**service))
refused(
    fastly.exceptions.ApiException,
    lambda: client.bulk_purge_tag(surrogate_key=" ".join(f"k{n}" for n in range(257)), **service),
    "256")
refused(
    fastly.exceptions.NotFoundException,
    lambda: client.purge_all(service_id="nobody.example"))
print("the fastly client purges by key, by many keys, everything and a URL")

answer = simulated("/?q=1%20union%20select%202")
assert answer.waf_response == 406, answer
assert [signal.type for signal in answer.signals] == ["SQLI", "BLOCKED"], answer
assert (answer.signals[0].location, answer.signals[0].name) == ("QUERYSTRING", "q"), answer
answer = simulated("/?q=blue%20shoes", "default")
assert (answer.waf_response, answer.signals) == (200, []), answer
refused(fastly.exceptions.NotFoundException, lambda: simulated("/", "nobody.example"))
print("the fastly client asks what the WAF makes of a request")
