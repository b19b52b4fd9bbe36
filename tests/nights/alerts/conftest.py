"""A TLS certificate for 127.0.0.1, and the settings of alerts by mail and by webhook."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from dagster_project.core.home import Home


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's context and the certificate to trust, for 127.0.0.1."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    key, cert_file = folder / "key.pem", folder / "made.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert_file), "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key)
    return context, cert_file


@pytest.fixture
def write_settings():
    """Writes a home's `pam.toml`: a mail server's port, further lines of its section, and the URLs of webhooks by shape."""

    def write(home: Home, port: int | None = None, more: str = "", **webhooks: str) -> None:
        text = ""
        if port:
            text = (
                f'[alerts.email]\nhost = "127.0.0.1"\nport = {port}\nsender = "PAM <pam@force.example>"\n'
                f'recipients = ["one@force.example", "two@force.example"]\n{more}\n'
            )
        for shape, url in webhooks.items():
            text += f'[[alerts.webhooks]]\nshape = "{shape}"\nurl = "{url}"\n'
        home.config_file.write_text(text, encoding="utf-8")

    return write
