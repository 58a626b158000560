"""Crates with texts for search, and searches in them; the same on each run.

Words are distributed as in a language: a few are in most texts, most are in few. A crate is about
some subjects, whose words are in its name, description, keywords and readme.
"""

import random
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from urllib.parse import urlencode

from pulp_cargo.protocol.names import canonical_name

SEED = 14
# The subjects of crates, from the most frequent ones on.
SUBJECTS = """
async http serde json macro derive parser client server sys core utils api web rust cli config
crypto wasm tokio proto grpc sql postgres redis cache log tracing metrics error test mock bench
fuzz random hash map tree graph queue stream channel thread pool atomic lock memory alloc arena
buffer bytes string text regex unicode format print color terminal shell command process signal
file path dir watch zip tar gzip compress archive image png jpeg svg font render gpu vulkan shader
window event input audio video codec game engine ecs physics math vector matrix geometry number
decimal float integer bits endian time date calendar cron timer schedule task job worker actor
state machine workflow pipeline plugin module loader dynamic ffi bindings python node java lua
script compiler lexer grammar ast syntax lint token template html css markdown xml yaml toml csv
table excel pdf mail smtp imap chat bot telegram discord slack github git diff patch merge version
semver package registry cargo build release install update docker kubernetes cloud aws azure gcp
s3 storage object database key value index search query schema migration model orm graphql rest
rpc websocket socket tcp udp quic tls dns proxy router gateway auth oauth jwt session cookie user
password secret vault sign verify certificate curve rsa aes blake sha merkle chain block wallet
ethereum bitcoin solana contract node peer swarm gossip raft consensus cluster shard replica
sensor gpio i2c spi uart usb can embedded hal driver kernel firmware boot flash radio bluetooth
lora mqtt modbus robot drone camera gps map tile route learn neural tensor train data frame plot
chart stats sample signal filter fourier wave midi synth chess sudoku dice roman barcode qrcode
"""
# Words that nearly every text has.
COMMON = """
the a of and to in is for with this that you it can be as on are or from an if use your by not will
which crate library example usage license features simple fast safe support provides function type
code see documentation install add default more using all when then must only also one two new no
"""
SUFFIXES = ("-rs", "-core", "-derive", "-macros", "-sys", "-utils", "-cli", "-types", "_lib", "2")
SYLLABLES = """
ba be bi bo bra bri ca ce chi co cra da de di do dra du el en er fa fe fi flo fo fra ga ge gi go
gra ha he hi ho in ja jo ka ke ki kra la le li lo lu ma me mi mo mu na ne ni no nu or pa pe pi plo
po pra qui ra re ri ro ru sa se shi sla so sta stra su ta te thi to tra tri tu ul va ve vi vo wa
we wi xo ya yo za zi zo
"""
MADE_WORDS = 6_000
CATEGORIES = """
algorithms api-bindings asynchronous authentication caching command-line-utilities compression
concurrency config cryptography data-structures database development-tools embedded encoding
filesystem game-engines graphics hardware-support mathematics memory-management multimedia
network-programming no-std parser-implementations rendering science simulation text-processing
visualization wasm web-programming
"""
# The crate that a fifth of all crates needs.
NEEDED = "bench-needed"
NEEDED_BY_ONE_IN = 5
MOST_DEPENDENCIES = 10
# Readmes are of 250 words in the middle, some of them 20 times longer.
README_WORDS, SPREAD, LONGEST_README = 250, 0.9, 5_000
WORDS_IN_LINE = 14


@dataclass(frozen=True, slots=True)
class Described:
    """A crate with its texts, and the names of the crates that it needs."""

    name: str
    description: str
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    readme: str
    deps: tuple[str, ...]


class _Words:
    """Words, each less frequent than the one before."""

    def __init__(self, words: Sequence[str], dice: random.Random, *, head: int) -> None:
        self._words = words
        self._dice = dice
        # As in Zipf's law; the greater `head`, the closer together are the first ones.
        self._weights = list(accumulate(1 / (rank + head) for rank in range(len(words))))

    def some(self, count: int) -> list[str]:
        """Return so many words by their frequency."""
        return self._dice.choices(self._words, cum_weights=self._weights, k=count)

    def one(self) -> str:
        """Return a word by its frequency."""
        return self.some(1)[0]


class _Language:
    def __init__(self, dice: random.Random) -> None:
        syllables = SYLLABLES.split()
        made = dict.fromkeys(
            "".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(2 * MADE_WORDS)
        )
        self.subjects = _Words(list(dict.fromkeys(SUBJECTS.split())), dice, head=30)
        self.common = _Words(COMMON.split(), dice, head=2)
        self.made = _Words(list(islice(made, MADE_WORDS)), dice, head=5)


def crates() -> Iterator[Described]:
    """Return crates without end, of which the first is the one that many need."""
    dice = random.Random(SEED)
    language, categories = _Language(dice), CATEGORIES.split()
    names, taken = [NEEDED], set[str]()
    while True:
        subjects = language.subjects.some(dice.randint(3, 6))
        deps = [NEEDED] if len(names) % NEEDED_BY_ONE_IN == 0 else []
        if len(names) > 2:
            # Old crates are needed by more than new ones.
            places = (1 + int((len(names) - 2) * dice.random() ** 3) for _ in range(_few(dice)))
            deps += [names[place] for place in places]
        yield Described(
            names[-1],
            description=_sentence(dice, language, subjects, dice.randint(6, 16)),
            keywords=tuple(dict.fromkeys(subjects[: dice.randint(0, 5)])),
            categories=tuple(dice.sample(categories, dice.randint(0, 2))),
            readme=_readme(dice, language, names[-1], subjects),
            deps=tuple(dict.fromkeys(deps)),
        )
        names.append(_name(dice, language, subjects, taken))
        taken.add(canonical_name(names[-1]))


def first(count: int) -> Iterator[Described]:
    """Return so many crates."""
    return islice(crates(), count)


def searches(count: int, names: Sequence[str]) -> list[str]:
    """Return query strings as of `cargo search`, in crates of these names; most are different.

    They are for one or two words, names, beginnings of names, names with a typing error, rare words,
    and now and then for a word that nearly every readme has.
    """
    dice = random.Random(SEED + 1)
    language = _Language(random.Random(SEED))
    kinds = {
        lambda: language.subjects.one(): 25,
        lambda: " ".join(language.subjects.some(2)): 25,
        lambda: dice.choice(names): 15,
        lambda: dice.choice(names)[: dice.randint(2, 6)]: 15,
        lambda: _mistyped(dice, dice.choice(names)): 12,
        lambda: language.made.one(): 6,
        lambda: language.common.one(): 2,
    }
    texts = (make() for make in dice.choices(list(kinds), weights=list(kinds.values()), k=count))
    return [urlencode({"q": text, "per_page": 10}) for text in texts]


def _few(dice: random.Random) -> int:
    return min(int(dice.expovariate(0.25)), MOST_DEPENDENCIES)


def _name(
    dice: random.Random, language: _Language, subjects: Sequence[str], taken: Container[str]
) -> str:
    while True:
        # Half of the names have a word that was made up for them.
        parts = [*subjects[: dice.randint(1, 2)]]
        if dice.random() < 0.5:
            parts.insert(dice.randint(0, 1), language.made.one())
        name = dice.choice("--_").join(parts)
        if dice.random() < 0.25 or canonical_name(name) in taken:
            name += dice.choice(SUFFIXES)
        if canonical_name(name) not in taken:
            return name
        subjects = language.subjects.some(2)


def _mistyped(dice: random.Random, name: str) -> str:
    """Return a name with two letters swapped, or one left out or doubled."""
    at = dice.randrange(len(name) - 1)
    before, one, two, after = name[:at], name[at], name[at + 1], name[at + 2 :]
    return before + dice.choice((two + one, two, one + one + two)) + after


def _sentence(dice: random.Random, language: _Language, subjects: Sequence[str], words: int) -> str:
    """Return text of which two words in ten are subjects, and four are those of every text."""
    about = dice.choices(subjects, k=words // 5 + 1)
    text = [*about, *language.common.some(words * 2 // 5), *language.made.some(words * 2 // 5)]
    dice.shuffle(text)
    return " ".join(text).capitalize()


def _readme(dice: random.Random, language: _Language, name: str, subjects: Sequence[str]) -> str:
    words = min(int(README_WORDS * dice.lognormvariate(0, SPREAD)), LONGEST_README)
    lines = [
        _sentence(dice, language, subjects, WORDS_IN_LINE) for _ in range(words // WORDS_IN_LINE)
    ]
    head = f'# {name}\n\n```toml\n[dependencies]\n{name} = "1"\n```\n\n'
    return head + ".\n".join(lines) + f"\n\n[Documentation](https://docs.example/{name})\n"
