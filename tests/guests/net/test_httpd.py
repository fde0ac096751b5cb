# SPDX-License-Identifier: MIT
"""APP=httpd from the outside: what it shows, what it serves, what it refuses, and that it keeps
nothing of it. The capture of the first test's traffic has every checksum in it: QEMU's user network
takes no frames without, so nothing is offloaded there."""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import pcap
from http_machine import Server, field, parted, read_all
from patience import measures_time, patience
from serving import free_port

FULL = bool(os.environ.get("FULL"))
FETCHES = 2000 if FULL else 200
FILE_FETCHES = 10 if FULL else 2
AT_ONCE = 8
BIG = 16 << 20


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An archive on a disk image, and what is in it."""
    folder = tmp_path_factory.mktemp("site")
    content = {
        "index.html": b"<p>hello</p>",
        "docs/a b.txt": b"some text\n",
        "docs/" + "n" * 150 + ".css": b"x {}",
        "empty.json": b"",
        "big.bin": random.Random(7).randbytes(BIG),
    }
    for name, data in content.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "docs/link").symlink_to("a b.txt")
    disk = tmp_path_factory.mktemp("disk") / "site.tar"
    with tarfile.open(disk, "w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(folder, ".")
    return disk, content


@pytest.fixture(scope="module")
def server(qemu, site):
    """One machine for the tests that leave it as it was."""
    with Server(qemu, timeout=900 if FULL else 300, DISK=str(site[0])) as machine:
        yield machine.wait_ready()


def curl(*arguments):
    """curl's standard output; no settings of the user's, and no proxy between us."""
    limit = f"{patience(120):.0f}"
    return subprocess.run(["curl", "-q", "--noproxy", "*", "-sS", "--max-time", limit, *arguments],
                          stdout=subprocess.PIPE, check=True, timeout=patience(600)).stdout


def fetch_many(server, path, count):
    """The statuses of `count` fetches, AT_ONCE at a time, each with a connection of its own."""
    share = -(-count // AT_ONCE)
    url = f"http://127.0.0.1:{server.port}{path}?[1-{share}]"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = pool.map(lambda _: curl("-H", "Connection: close", "-o", "/dev/null", "-w",
                                       "%{http_code}\n", url), range(AT_ONCE))
        return b"".join(runs).split()


def test_capture_of_many_fetches_is_clean(qemu, site, tmp_path):
    capture = tmp_path / "capture.pcap"
    dump = f"-object filter-dump,id=dump,netdev=net,file={capture}"
    with Server(qemu, DISK=str(site[0]), QEMU_ARGS=dump) as machine:
        machine.wait_ready()
        assert set(fetch_many(machine, "/", 80)) == {b"200"}
        assert machine.get("/files/big.bin", "Range: bytes=0-999999")[0] == 206
        # One that the peer breaks off, and one to nobody.
        with machine.connect() as connection:
            connection.sendall(b"GET /files/big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(100000)
        machine.status()
    report = pcap.check(capture)
    # QEMU's own network pads its ARP answers to 64 bytes; no other word on either side's frames.
    problems = [problem for problem in report.problems
                if not re.search(r": 22 bytes behind the packet: .{12}52550a0002020806", problem)]
    assert not problems, problems[:10]
    assert report.kinds["tcp"] > 1000


def test_status_is_json_and_agrees_with_qemu(server):
    status = server.status()
    buses = server.qmp.execute("query-pci")
    functions = {f"0000:{device['bus']:02x}:{device['slot']:02x}.{device['function']}"
                 for bus in buses for device in bus["devices"]}
    assert {function["address"] for function in status["pci"]} == functions
    types = {device["type"]: device for device in status["virtio"]}
    assert {"net", "simple", "blk"} <= set(types)
    assert "VERSION_1" in types["net"]["features"]
    assert "DRIVER_OK" in types["net"]["status"]
    queues = {queue["name"]: queue for queue in status["queues"]}
    assert queues["transmitq1"]["completed"] > 0
    assert isinstance(queues["transmitq1"]["used"], int)
    assert status["network"][0]["device"] == types["net"]["device"]
    assert {"virtio0-config", "virtio0-receiveq1"} <= {row["name"] for row in status["interrupts"]}
    assert sum(vector["count"] for vector in status["interrupts"]) > 0
    assert status["memory"]["pages_free"] < status["memory"]["pages_total"]
    again = server.status()
    assert again["machine"]["uptime_ms"] > status["machine"]["uptime_ms"]
    assert again["server"]["requests"] > status["server"]["requests"]


def test_what_is_behind_a_bridge_comes_right_after_it(qemu):
    more = ("-device pcie-root-port,id=root,addr=6 -device x3130-upstream,id=up,bus=root "
            "-device xio3130-downstream,id=down,bus=up,chassis=2 -device virtio-rng-pci,bus=down")
    with Server(qemu, MACHINE="q35", QEMU_ARGS=more).wait_ready() as machine:
        rows = [(row["depth"], row["address"]) for row in machine.status()["pci"]]
    start = rows.index((0, "0000:00:06.0"))
    assert rows[start + 1:start + 5] == [
        (1, "0000:01:00.0"), (2, "0000:02:00.0"), (3, "0000:03:00.0"), (0, "0000:00:1f.0")]


def test_page_is_whole_html(server):
    status, head, body = server.get("/")
    assert status == 200 and field(head, "Content-Type") == "text/html; charset=utf-8"
    assert int(field(head, "Content-Length")) == len(body)
    text = body.decode()
    for key in ("pci", "virtio", "queues", "interrupts", "network", "pools"):
        assert f'<table data-key="{key}">' in text
    assert "0000:00:03.0" in text and text.endswith("</html>\n")


def test_head_has_the_same_head_and_no_body(server):
    _, head, _ = server.get("/files/index.html")
    answer = server.ask(b"HEAD /files/index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert parted(answer) == (200, head, b"")


def test_many_fetches_leave_nothing_behind(server):
    before = server.memory()
    for path in ("/status.json", "/"):
        statuses = fetch_many(server, path, FETCHES // 2)
        assert len(statuses) >= FETCHES // 2 and set(statuses) == {b"200"}
    assert server.settled(before) == before


def test_port_that_is_used_again_at_once(server):
    """The server ends each connection, and so is the side that waits for stragglers."""
    port = free_port()
    for _ in range(5):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            client.settimeout(patience(20))
            client.bind(("127.0.0.1", port))
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /files/index.html HTTP/1.1\r\n" + H +
                           b"Connection: close\r\n\r\n")
            assert parted(read_all(client))[2] == b"<p>hello</p>"


def test_curl_keeps_a_connection_for_many(server):
    accepted = server.status()["server"]["accepted"]
    url = f"http://127.0.0.1:{server.port}/status.json?[1-50]"
    parts = curl(url).split(b"\n}\n")[:-1]
    assert len(parts) == 50 and all(json.loads(part + b"\n}") for part in parts)
    assert server.status()["server"]["accepted"] - accepted <= 3


def test_large_file_comes_whole(server, site):
    before = server.memory()
    wanted = hashlib.sha256(site[1]["big.bin"]).hexdigest()
    url = f"http://127.0.0.1:{server.port}/files/big.bin"
    with ThreadPoolExecutor(2) as pool:
        sums = set(pool.map(lambda _: hashlib.sha256(curl(url)).hexdigest(), range(FILE_FETCHES)))
    assert sums == {wanted}
    assert server.settled(before) == before


def test_files_types_folders_and_ranges(server, site):
    content = site[1]
    for name, kind in (("index.html", "text/html; charset=utf-8"),
                       ("empty.json", "application/json"),
                       ("docs/a b.txt", "text/plain; charset=utf-8"),
                       ("docs/" + "n" * 150 + ".css", "text/css; charset=utf-8")):
        status, head, body = server.get("/files/" + name.replace(" ", "%20"))
        assert (status, field(head, "Content-Type"), body) == (200, kind, content[name])
    listing = server.get("/files/")[2].decode()
    assert 'href="/files/big.bin"' in listing and 'href="/files/docs/"' in listing
    assert 'href="/files/docs/a%20b.txt"' in server.get("/files/docs/")[2].decode()
    status, head, _ = server.get("/files/docs")
    assert status == 301 and field(head, "Location") == "/files/docs/"
    status, head, body = server.get("/files/big.bin", "Range: bytes=1000-1999")
    assert status == 206 and body == content["big.bin"][1000:2000]
    assert field(head, "Content-Range") == f"bytes 1000-1999/{BIG}"
    assert server.get("/files/big.bin", "Range: bytes=-5")[2] == content["big.bin"][-5:]
    status, head, _ = server.get("/files/index.html", "Range: bytes=12-")
    assert status == 416 and field(head, "Content-Range") == "bytes */12"
    for absent in ("/files/docs/link", "/files/none", "/files/index.html/", "/nothing",
                   "/files/docs//"):
        assert server.get(absent)[0] == 404


H = b"Host: x\r\n"
WRONG = [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"GET /../etc/passwd HTTP/1.1\r\n" + H + b"\r\n", 400),
    (b"GET /files/%2e%2e/x HTTP/1.1\r\n" + H + b"\r\n", 400),
    (b"GET /\x00 HTTP/1.1\r\n" + H + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + H + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    (b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 3\r\n\r\nabc", 405),
    (b"DELETE /files/x HTTP/1.1\r\n" + H + b"\r\n", 405),
    (b"BREW / HTTP/1.1\r\n" + H + b"\r\n", 501),
    (b"GET / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\n" + H + b"Content-Length: 99999999\r\n\r\n" + b"x" * 300000, 413),
    (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + H + b"A: " + b"a" * 20000 + b"\r\n\r\n", 431),
    (b"A" * 200000, 414),
    (b"GET / HTTP/3.7\r\n" + H + b"\r\n", 505),
]


def test_wrong_requests_are_refused_and_forgotten(server):
    before = server.memory()
    for request, wanted in WRONG:
        status, head, _ = parted(server.ask(request))
        assert status == wanted, request[:80]
        assert field(head, "Connection") == "close"
        assert (field(head, "Allow") == "GET, HEAD") == (wanted == 405)
    assert server.settled(before) == before


def test_random_bytes_and_broken_connections(server):
    before = server.memory()
    generator = random.Random(11)
    for _ in range(100):
        with server.connect() as connection:
            connection.sendall(generator.randbytes(generator.randrange(1, 3000)))
            if generator.random() < 0.5:
                # No goodbye: a reset in the middle.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert server.settled(before) == before


def test_requests_in_one_go_are_answered_in_order(server):
    one = b"GET /files/index.html HTTP/1.1\r\n" + H + b"\r\n"
    last = b"GET /nothing HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n"
    body = b"HEAD / HTTP/1.1\r\n" + H + b"Content-Length: 5\r\n\r\nabcde"
    answer = server.ask(one * 30 + body + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 31 and answer.count(b"<p>hello</p>") == 30
    assert answer.count(b"HTTP/1.1 404 ") == 1


def test_request_byte_by_byte(server):
    with server.connect() as connection:
        for byte in b"GET /files/index.html HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert parted(read_all(connection))[2] == b"<p>hello</p>"


def test_more_connections_than_there_is_room_for(server):
    before = server.memory()
    idle = []
    for _ in range(100):
        idle.append(server.connect())
        if len(idle) % 20 == 0:
            assert server.get("/files/index.html")[0] == 200
    assert server.status()["server"]["connections"] <= 64
    for connection in idle:
        connection.close()
    assert server.settled(before) == before


def test_client_that_reads_nothing_holds_up_nobody(server):
    before = server.memory()
    with server.connect() as connection:
        connection.sendall(b"GET /files/big.bin HTTP/1.1\r\n" + H + b"\r\n")
        for _ in range(10):
            assert server.get("/files/index.html")[0] == 200
    assert server.settled(before) == before


@pytest.mark.full
@measures_time
def test_slow_requests_end_in_time(server):
    with server.connect(60) as slow, server.connect(60) as silent:
        slow.sendall(b"GET / HTT")
        start = time.monotonic()
        assert parted(read_all(slow))[0] == 408
        assert 5 < time.monotonic() - start < 30
        assert read_all(silent) == b""


def test_link_that_drops_and_returns(server, site):
    with ThreadPoolExecutor(1) as pool:
        fetch = pool.submit(curl, "--limit-rate", "4M",
                            f"http://127.0.0.1:{server.port}/files/big.bin")
        time.sleep(1)
        server.qmp.execute("set_link", name="net", up=False)
        assert server.wait_for("net eth0: the link is down")
        time.sleep(1)
        server.qmp.execute("set_link", name="net", up=True)
        assert server.wait_for("net eth0: the link is up")
        assert hashlib.sha256(fetch.result()).digest() == \
            hashlib.sha256(site[1]["big.bin"]).digest()


def test_damaged_archive_is_served_as_far_as_it_goes(qemu, site, tmp_path):
    disk = tmp_path / "damaged.tar"
    shutil.copy(site[0], disk)
    with tarfile.open(disk) as archive:
        at = archive.getmembers()[-1].offset
    with open(disk, "r+b") as file:
        file.seek(at + 10)
        file.write(b"?")
    with Server(qemu, DISK=str(disk)) as machine:
        machine.wait_ready()
        assert machine.wait_for(f"httpd: E64 the archive on vda ends at sector {at // 512}: "
                                "a header's checksum is wrong")
        assert machine.get("/files/")[0] == 200


def test_browser_shows_the_tables(server, logs, tmp_path):
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("no chromium here (apt-get install chromium)")
    common = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
              f"--user-data-dir={tmp_path}", "--virtual-time-budget=4000"]
    url = f"http://localhost:{server.port}/"
    for name, size in (("httpd", "1360,2300"), ("httpd-phone", "420,2300")):
        picture = logs / f"{name}.png"
        picture.unlink(missing_ok=True)
        subprocess.run([*common, f"--window-size={size}", f"--screenshot={picture}", url],
                       check=True, timeout=patience(120), capture_output=True)
        assert picture.stat().st_size > 20000
    page = subprocess.run([*common, "--dump-dom", url], check=True, timeout=patience(120),
                          capture_output=True, text=True).stdout
    assert '<span id="live" class="on">live</span>' in page, "its script did not run"
    for function in server.status()["pci"]:
        assert function["address"] in page
