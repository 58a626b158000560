"""The page to which `cargo login` refers (Cargo Book, Registry Web API, "Login")."""

from html import escape
from urllib.parse import urlsplit

from aiohttp import web
from django.conf import settings

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.style import style_response
from pulp_cargo.app.endpoints.read.config import cargo_config
from pulp_cargo.protocol.cargo_config import registry_key
from pulp_cargo.rules.stylesheet import CONTENT_SECURITY_POLICY, stylesheet_version

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A token for {name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{path}style.css?v={style}">
</head>
<body>
<main>
<h1>A token for <code>{name}</code></h1>
<p>Tokens are created on the account page, by users of this Pulp:</p>
<p><a class="button" href="{login_url}">Sign in and create a token</a></p>
<h2>Configure cargo</h2>
<p>Add these lines from <a href="{path}config.toml">config.toml</a> to cargo's configuration:</p>
<pre tabindex="0">{config}</pre>
<p>Then store the token:</p>
<pre tabindex="0">cargo login --registry {key}</pre>
<h2>Without a browser</h2>
<p>Pulp's command line and its REST API create tokens as well. The response shows the token once;
Pulp stores only its hash.</p>
<pre tabindex="0">pulp{option} cargo token create --name laptop</pre>
<pre tabindex="0">curl --user USER --json '{{"name": "laptop"}}' PULP{api}api/v3/cargo/tokens/</pre>
</main>
</body>
</html>
"""


async def get_me(cargo: CargoRequest) -> web.Response:
    """`GET me`: how to get a token; public."""
    registry = cargo.registry
    domain = registry.domain.name if settings.DOMAIN_ENABLED else None
    page = PAGE.format(
        option=f" --domain {escape(domain)}" if domain else "",
        api=escape(f"{settings.API_ROOT}{domain}/" if domain else settings.API_ROOT),
        name=escape(registry.name),
        path=escape(urlsplit(registry.urls.root).path),
        style=stylesheet_version(),
        login_url=escape(registry.urls.login),
        config=escape(await cargo_config(cargo)),
        key=escape(registry_key(registry.name)),
    )
    return web.Response(
        text=page,
        content_type="text/html",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )


async def get_style(cargo: CargoRequest) -> web.Response:
    """`GET style.css`: the stylesheet of the web pages, for everybody."""
    return style_response(cargo.http)
