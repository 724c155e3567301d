"""A throwaway certificate authority that may speak for Azure's hosts only, and its leaf
certificates."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

from .failure import SandboxError
from .names import ARM, BLOB_SUFFIX, LOGIN, SCORING_SUFFIX, STUDIO_SUFFIX

CA_DAYS = 365
LEAF_DAYS = 90
# The CA is limited to these names, so that a leaked key could not speak for any other host.
PERMITTED = (ARM, LOGIN, BLOB_SUFFIX[1:], SCORING_SUFFIX[1:], STUDIO_SUFFIX[1:])


class Authority:
    """The sandbox's CA (kept in `folder`, so that a restart keeps clients working) and its TLS
    contexts.

    Raises `SandboxError` where the package `cryptography` is missing.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import cryptography  # noqa: F401 - only to say early and plainly that it is missing
        except ModuleNotFoundError as missing:
            raise SandboxError(
                "The sandbox needs the package 'cryptography', which is not installed.",
                hint="pip install 'jupyter-azureml-image[sandbox]'",
            ) from missing
        self._folder = folder
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._certificate, self._key = self._load() or self._make()

    @property
    def certificate_pem(self) -> bytes:
        """The CA certificate, PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self._certificate.public_bytes(Encoding.PEM)

    def write_bundle(self, target: Path) -> None:
        """Write the user's own CA bundle followed by the sandbox's CA to `target`."""
        bundle = user_bundle()
        text = bundle.read_bytes().rstrip() + b"\n" if bundle else b""
        write_private(target, text + self.certificate_pem)

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return the server-side TLS context whose certificate names this host."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._leaf_context(host)
            return self._contexts[host]

    def _load(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        certificate_file, key_file = self._folder / "ca.crt", self._folder / "ca.key"
        if not (certificate_file.exists() and key_file.exists()):
            return None
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
        if left < datetime.timedelta(days=30):
            return None
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        return certificate, key  # type: ignore[return-value]  # _make writes an EC key, nothing else does

    def _make(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(
                    NameOID.COMMON_NAME, "azureml-image sandbox CA (this machine only)"
                )
            ]
        )
        loopback = x509.IPAddress(ipaddress.ip_network("127.0.0.1/32"))
        permitted = [*(x509.DNSName(host) for host in PERMITTED), loopback]
        usage = _usage(key_cert_sign=True, crl_sign=True)
        certificate = (
            _builder(name, name, key.public_key(), CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        from cryptography.hazmat.primitives.serialization import Encoding

        write_private(self._folder / "ca.crt", certificate.public_bytes(Encoding.PEM))
        write_private(self._folder / "ca.key", _key_pem(key))
        return certificate, key

    def _leaf_context(self, host: str) -> ssl.SSLContext:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        issuer_key = self._key.public_key()
        leaf = (
            _builder(subject, self._certificate.subject, key.public_key(), LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        chain = self._folder / "leaf.pem"
        # ssl can only read a chain from a file; it holds a leaf key and lives for this one call.
        write_private(chain, leaf.public_bytes(Encoding.PEM) + self.certificate_pem + _key_pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        chain.unlink()
        return context


def user_bundle() -> Path | None:
    """Return the CA bundle that this user's Python already trusts: the environment's, else the
    system's."""
    import requests.certs

    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        named = os.environ.get(variable)
        if named and Path(named).is_file():
            return Path(named)
    fallback = Path(requests.certs.where())
    return fallback if fallback.is_file() else None


def write_private(target: Path, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(target)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
