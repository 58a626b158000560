"""An Apache with our snippet, over TLS and HTTP/2, before the content app of a deployment."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulp_cargo.tests.functional.deployment.nginx import HOST, SNIPPET, free_port, wait_until_up

PROGRAM = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")
NAMES = ("mpm_event", "authz_core", "headers", "http2", "proxy", "proxy_http", "ssl")

CONFIG = """
ServerRoot {root}
ServerName {host}
PidFile {root}/apache.pid
ErrorLog {root}/error.log
Mutex file:{root} default
User nobody
Group nogroup
Listen 127.0.0.1:{port}
{modules}
LogFormat "%H %m %s" short
Define pulp-content http://127.0.0.1:{content}
Define pulp-api {api}
<VirtualHost *:{port}>
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile {ssl}/certs/{host}.pem
    SSLCertificateKeyFile {ssl}/private/{host}.key
    CustomLog {root}/access.log short
    Include {snippet}
</VirtualHost>
"""


@contextmanager
def running(root: Path, ssl: Path, content: int, api: str) -> Iterator[str]:
    """Have an Apache for a while; yields its origin. `ssl` has the files of the trial authority."""
    port = free_port()
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NAMES]
    values = {"root": root, "port": port, "content": content, "api": api, "ssl": ssl, "host": HOST}
    (root / "httpd.conf").write_text(
        CONFIG.format(**values, modules="\n".join(modules), snippet=SNIPPET.parent / "apache.conf")
    )
    process = subprocess.Popen(
        [str(PROGRAM), "-D", "FOREGROUND", "-f", root / "httpd.conf"], stderr=subprocess.DEVNULL
    )
    try:
        wait_until_up(process, port, root / "error.log")
        yield f"https://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait(20)
