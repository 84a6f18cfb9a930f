"""A server whose certificate nobody vouches for is refused."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chat.errors import ModelUnreachable
from chat.llm.base import ChatMessage, Prompt
from chat.llm.openai import OpenAIModel
from documents.embed.openai import OpenAIEmbedder
from documents.errors import EmbeddingFailed
from tests.openai_server import OpenAIServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[OpenAIServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with OpenAIServer(tls=context) as running:
        yield running


def test_the_embedder_refuses_it(server: OpenAIServer) -> None:
    embedder = OpenAIEmbedder(api_key="k", base_url=server.url, max_retries=0)
    with pytest.raises(EmbeddingFailed):
        embedder.embed_query("one")
    embedder.close()
    assert not server.requests


async def test_the_model_refuses_it(server: OpenAIServer) -> None:
    model = OpenAIModel(api_key="k", base_url=server.url, max_retries=0)
    pieces = aiter(model.stream(Prompt((ChatMessage("user", "What?"),), deadline=5)))
    with pytest.raises(ModelUnreachable):
        await anext(pieces)
    assert not server.requests


def test_a_certificate_that_the_operator_trusts_is_accepted(
    server: OpenAIServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    embedder = OpenAIEmbedder(api_key="k", base_url=server.url)
    assert embedder.embed_query("one").shape == (1536,)
    embedder.close()


def test_the_client_follows_no_proxy_of_the_environment() -> None:
    embedder = OpenAIEmbedder(api_key="k")
    client = embedder._client._client
    assert isinstance(client, httpx2.Client)
    assert client.trust_env is False
    embedder.close()
