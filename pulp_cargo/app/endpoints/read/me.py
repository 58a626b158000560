"""The page to which `cargo login` refers (Cargo Book, Registry Web API, "Login")."""

from html import escape

from aiohttp import web
from django.conf import settings

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.read.config import cargo_config
from pulp_cargo.protocol.cargo_config import registry_key

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>A token for {name}</title>
<style>body {{ font: 1rem/1.5 sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}
pre {{ background: #f4f4f4; padding: 1rem; overflow-x: auto }}</style></head>
<body>
<h1>A token for <code>{name}</code></h1>
<p>Tokens of this Cargo registry are made with Pulp's command line or REST API, by yourself or by
an administrator. The answer shows the token once; Pulp keeps only its hash.</p>
<pre>pulp{option} cargo token create --name laptop</pre>
<pre>curl --user USER --json '{{"name": "laptop"}}' PULP{api}api/v3/cargo/tokens/</pre>
<p>Then tell cargo, with these lines from <a href="config.toml">config.toml</a>:</p>
<pre>{config}</pre>
<pre>cargo login --registry {key}</pre>
</body>
</html>
"""


async def get_me(cargo: CargoRequest) -> web.Response:
    """`GET me`: how to get a token; public."""
    domain = cargo.registry.domain.name if settings.DOMAIN_ENABLED else None
    page = PAGE.format(
        option=f" --domain {escape(domain)}" if domain else "",
        api=escape(f"{settings.API_ROOT}{domain}/" if domain else settings.API_ROOT),
        name=escape(cargo.registry.name),
        config=escape(await cargo_config(cargo)),
        key=escape(registry_key(cargo.registry.name)),
    )
    return web.Response(
        text=page,
        content_type="text/html",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )
