"""The end of the site's certificate: read from its file, or from what the site shows."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache

from ragsite.ops.certificate import days_left

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    cache.delete("certificate:end")


def certificate(folder: Path, days: float) -> Path:
    """Write a certificate that ends so many days from now, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=90))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "site.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Iterator[HTTPServer]:
    """A site on loopback whose certificate ended three days ago."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, -3))
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.HTTPS_ONLY = True
    settings.PUBLIC_URL = f"https://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_the_end_is_read_from_the_file(tmp_path: Path, settings: Any) -> None:
    settings.TLS_CERTIFICATE = str(certificate(tmp_path, 20))
    assert days_left(NOW) == pytest.approx(20)


def test_the_end_is_asked_of_the_site_even_when_it_is_over(site: HTTPServer) -> None:
    assert days_left(NOW) == pytest.approx(-3)


def test_the_site_is_asked_once_an_hour(site: HTTPServer, settings: Any) -> None:
    days_left(NOW)
    settings.PUBLIC_URL = "https://127.0.0.1:9"
    assert days_left(NOW) == pytest.approx(-3)


@pytest.mark.parametrize(("url", "https"), [("", True), ("http://x", True), ("https://x", False)])
def test_without_https_there_is_none(settings: Any, url: str, https: bool) -> None:
    settings.PUBLIC_URL, settings.HTTPS_ONLY = url, https
    assert days_left(NOW) is None


def test_one_that_cannot_be_had_is_not_known(tmp_path: Path, settings: Any) -> None:
    settings.TLS_CERTIFICATE = str(tmp_path / "nothing.pem")
    assert days_left(NOW) is None
    (tmp_path / "nothing.pem").write_bytes(b"not a certificate")
    assert days_left(NOW) is None
    settings.TLS_CERTIFICATE, settings.HTTPS_ONLY = "", True
    settings.PUBLIC_URL = "https://127.0.0.1:9"
    assert days_left(NOW) is None
