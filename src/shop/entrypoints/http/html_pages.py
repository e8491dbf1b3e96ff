"""HTML pages for people."""

LANDING_PAGE_PATH = "/"
DOCS_PATH = "/docs"
SWAGGER_SCRIPT_PATH = "/docs/swagger-ui-bundle.js"
SWAGGER_STYLE_PATH = "/docs/swagger-ui.css"
OPENAPI_PATH = "/openapi.json"

STYLE = """
body { font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto }
code { background: #8882; padding: 0.1em 0.3em; border-radius: 0.3em }
"""

_LANDING_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>shop</title>
<style>{style}</style>
</head>
<body>
<h1>shop</h1>
<p>This is an order backend. It manages users, accounts, products, stock and orders through a JSON
API under <code>/api/v1</code>.</p>
<ul>
{links}
</ul>
</body>
</html>
"""

_LINKS = """<li><a href="/openapi.json">/openapi.json</a> describes every request and response.</li>
<li><a href="/api/v1/products">/api/v1/products</a> lists the products for sale.</li>
<li><a href="/readyz">/readyz</a> says whether the shop can take orders.</li>
<li>The tour in README.md places an order with a few lines of <code>curl</code>.</li>"""

_DOCS_LINK = '<li><a href="/docs">/docs</a> lets you try each request.</li>\n'

# The validator would send the document to one of Swagger's own servers.
DOCS_SCRIPT = f"""
SwaggerUIBundle({{ url: "{OPENAPI_PATH}", dom_id: "#docs", deepLinking: true, validatorUrl: null }})
"""

_DOCS = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>shop: try it</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{SWAGGER_STYLE_PATH}">
</head>
<body>
<div id="docs"></div>
<script src="{SWAGGER_SCRIPT_PATH}"></script>
<script>{DOCS_SCRIPT}</script>
</body>
</html>
"""


def landing_page(*, with_docs: bool) -> str:
    """Return the landing page with its links."""
    return _LANDING_PAGE.format(style=STYLE, links=(_DOCS_LINK if with_docs else "") + _LINKS)


def docs_page() -> str:
    """Return the Swagger UI page."""
    return _DOCS
