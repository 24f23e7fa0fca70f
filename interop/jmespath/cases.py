"""Makes documents and JMESPath expressions, from a seed: the same seed, the same cases."""

import json
import random

NAMES = ["a", "b", "c", "d", "key", "Name", "_x1", "with space", "é", "0"]
PLAIN = [name for name in NAMES if name.isidentifier() and name.isascii()]
TEXTS = ["", "a", "b", "abc", "Abc", "x y", "10", "-2.5", "é", "日本", "😀", 'q"uote', "back\\slash", "tab\t", "true"]
NUMBERS = [0, 1, -1, 2, 3, 7, 10, -20, 0.5, -2.75, 1.0, 1.5, 100]
# Where representations differ. They stand alone, never in an array of numbers: whether newer Pythons add them otherwise is
# not what is compared.
ODD_NUMBERS = [9007199254740993, 18446744073709551615, 10**30, -(10**19), 1e16, 1e-7, 0.00001, 2.5e300]
NUMERALS = ["1", "-1.5", "1e2", "007", "1_000", " 5 ", "+3", ".5", "2.", "nan", "inf", "-0", "1e400", "0x10", "١", "3\u00a0", ""]

TYPES_OF = {
    "abs": "n", "avg": "N", "ceil": "n", "contains": "xa", "ends_with": "ss", "floor": "n", "join": "sS", "keys": "o",
    "length": "x", "map": "&A", "max": "C", "max_by": "A&", "merge": "oo", "min": "C", "min_by": "A&", "not_null": "aaa",
    "reverse": "x", "sort": "C", "sort_by": "A&", "starts_with": "ss", "sum": "N", "to_array": "a", "to_number": "a",
    "to_string": "a", "type": "a", "values": "o",
}


class Cases:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    # Documents

    def document(self):
        return self.members(4) if self.chance(0.9) else self.value(3)

    def members(self, depth):
        names = self.random.sample(NAMES, self.random.randint(1, 6))
        return {name: self.value(depth - 1) for name in names}

    def value(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.3:
            return self.scalar()
        if kind < 0.55:
            return self.members(depth)
        if kind < 0.7:
            return [self.pick(NUMBERS) for _ in range(self.random.randint(0, 4))]
        if kind < 0.8:
            return [self.pick(TEXTS) for _ in range(self.random.randint(0, 4))]
        if kind < 0.92:
            names = self.random.sample(PLAIN, 3)
            same = self.chance(0.5)
            kinds = [self.pick([NUMBERS, TEXTS]) for _ in names]
            row = lambda: {n: self.pick(k) if same else self.value(1) for n, k in zip(names, kinds)}
            return [row() for _ in range(self.random.randint(0, 4))]
        return [self.value(depth - 1) for _ in range(self.random.randint(0, 4))]

    def scalar(self):
        choices = [None, True, False, self.pick(NUMBERS), self.pick(TEXTS), self.pick(TEXTS)]
        return self.pick(ODD_NUMBERS) if self.chance(0.04) else self.pick(choices)

    # Expressions

    def expression(self):
        if self.chance(0.12):
            return self.oddity()
        text = self.any(self.random.randint(1, 4))
        return self.damaged(text) if self.chance(0.12) else text

    def any(self, depth):
        if depth <= 0:
            return self.leaf()
        makers = [
            (4, self.path), (2, self.call), (1, self.comparison), (1, self.logic), (1, self.pipe), (1, self.list),
            (1, self.hash), (1, self.leaf),
        ]
        weights, makers = zip(*makers)
        return self.random.choices(makers, weights)[0](depth - 1)

    def name(self):
        name = self.pick(NAMES)
        return name if name in PLAIN and self.chance(0.9) else json.dumps(name, ensure_ascii=self.chance(0.5))

    def literal(self):
        value = self.value(1) if self.chance(0.4) else self.scalar()
        if isinstance(value, str) and self.chance(0.7):
            return "'" + value.replace("'", "\\'") + "'"
        return "`" + json.dumps(value, ensure_ascii=self.chance(0.5)).replace("`", "\\`") + "`"

    def leaf(self, _depth=0):
        return self.random.choices([self.name, lambda: "@", self.literal], [5, 1, 2])[0]()

    def path(self, depth):
        text = self.name() if self.chance(0.85) else self.pick(["@", "*", "[]", "[*]", "[0]", f"[?{self.any(depth)}]"])
        for _ in range(self.random.randint(0, 3)):
            text += self.step(depth)
        return text

    def step(self, depth):
        number = lambda: self.pick(["", "0", "1", "-1", "2", "-2", "5"])
        return self.random.choices(
            [
                lambda: "." + self.name(),
                lambda: ".*",
                lambda: f"[{self.pick([0, 1, -1, 2, -3])}]",
                lambda: "[*]",
                lambda: "[]",
                lambda: f"[{number()}:{number()}]",
                lambda: f"[{number()}:{number()}:{self.pick(['', '1', '-1', '2', '-2'])}]",
                lambda: f"[?{self.any(depth)}]",
                lambda: f".[{self.any(depth)}]",
                lambda: "." + self.hash(depth),
                lambda: "." + self.call(depth),
            ],
            [8, 2, 3, 3, 3, 1, 2, 3, 1, 1, 1],
        )[0]()

    def call(self, depth):
        function = self.pick(list(TYPES_OF))
        arguments = [self.argument(kind, depth) for kind in TYPES_OF[function]]
        if function in ("merge", "not_null"):
            arguments = arguments[: self.random.randint(1, len(arguments))]
        return f"{function}({', '.join(arguments)})"

    def argument(self, kind, depth):
        """Mostly of the type that the function takes: a number, a text, an array of numbers, …"""
        if kind == "&":
            return "&" + self.any(depth)
        if kind == "a" or self.chance(0.25):
            return self.any(depth)
        literal = lambda value: "`" + json.dumps(value).replace("`", "\\`") + "`"
        numbers = [self.pick(NUMBERS) for _ in range(self.random.randint(0, 4))]
        texts = [self.pick(TEXTS) for _ in range(self.random.randint(0, 4))]
        rows = [{"a": self.pick(NUMBERS), "b": self.pick(TEXTS)} for _ in range(self.random.randint(0, 4))]
        return literal({
            "n": self.pick(NUMBERS), "s": self.pick(TEXTS), "N": numbers, "S": texts, "A": self.pick([rows, numbers, texts]),
            "C": self.pick([numbers, texts]), "o": self.members(2), "x": self.pick([numbers, self.pick(TEXTS), {"a": 1}]),
        }[kind])

    def comparison(self, depth):
        return f"{self.any(depth)} {self.pick(['==', '!=', '<', '<=', '>', '>='])} {self.any(depth)}"

    def logic(self, depth):
        if self.chance(0.3):
            return "!" + self.pick([self.leaf(), f"({self.any(depth)})"])
        text = f"{self.any(depth)} {self.pick(['&&', '||'])} {self.any(depth)}"
        return f"({text})" if self.chance(0.3) else text

    def pipe(self, depth):
        return f"{self.any(depth)} | {self.any(depth)}"

    def list(self, depth):
        return "[" + ", ".join(self.any(depth) for _ in range(self.random.randint(1, 3))) + "]"

    def hash(self, depth):
        return "{" + ", ".join(f"{self.name()}: {self.any(depth)}" for _ in range(self.random.randint(1, 3))) + "}"

    # What implementations see differently, and texts that are no expression

    def oddity(self):
        name, other = self.pick(PLAIN), self.pick(PLAIN)
        return self.pick([
            f"to_number('{self.pick(NUMERALS)}')",
            f"to_string({self.leaf()})",
            f"to_string(`{json.dumps(self.pick(ODD_NUMBERS + [1.0, 'é']))}`)",
            f"{name}.*.{other}.{self.pick(PLAIN)}",
            f"@.*.{name}.{other} | [0]",
            f"keys(@) | sort(@) == keys({name})",
            f"values({name})[0]",
            f"{name} < {self.literal()}",
            f"'{self.pick(TEXTS[:6])}' {self.pick(['<', '>='])} '{self.pick(TEXTS[:6])}'",
            f"contains(`[{self.pick(['true', 'false', '0', '1'])}, 2]`, `{self.pick(['true', 'false', '0', '1', '1.0'])}`)",
            f"`[{self.pick(['1', 'true', '0'])}]` == `[{self.pick(['true', '1.0', 'false'])}]`",
            f"contains('{self.pick(TEXTS[:6])}', {self.literal()})",
            f"{name} || {self.pick(['unknown(@)', 'abs()', 'length(a, b)'])}",
            f"`[]`[?{self.pick(['unknown(@)', 'abs(@, @)'])}]",
            f"`{self.pick(['bare', 'two words', '', '-', 'nul', '[1', '1e400', 'NaN', '-Infinity'])}`",
            self.pick(['`{"a": 1, "a": 2}`', '"\\ud800"', '`"\\udc00"`', '`[Infinity]`']),
            f"{self.pick(['&' + name, '[&a]', '&a == &b', '(&a)', 'a || &b', '{a: &b}'])}",
            f"{self.pick(['type', 'to_string', 'to_array', 'not_null', 'length', 'to_number'])}(&{name})",
            f"contains(`[1]`, &{name})",
            self.pick([f"abs({name},)", "join(',' `[\"a\"]`)", "not_null(a b c)", "sort_by(@ &a)"]),
            self.pick(["{a: a b: b}", "{a: `1` \"b\": `2`}", "{a: a,}"]),
            f"merge(`{{\"a\": 1}}`, {self.pick(['`[]`', '`[[1, 2]]`', '@', name])})",
            self.pick(["(a)(@)", "(length)(@)", "(abs)(`-1`)"]),
            self.pick(["`[[1, 2, 3]]`[0][:2].a", f"`[[{{\"{name}\": 1}}]]`[0][::].{name}", "@ | [`[1, 2]`][0][1:] | [0]"]),
            self.pick(["`[1, 2, 3]`[0 1:2]", "`[1, 2, 3]`[1:2-2]", "`[1, 2, 3]`[::1 2]"]),
            self.pick([f"{name}[::0]", "`[1]`[0:1:0]", f"{name}[99999999999999999999]", "`[1]`[-99999999999999999999]"]),
            self.pick(["sum(`[1e308, 1e308]`)", "avg(`[1e308, 1.5e308]`)"]),
            self.pick(["sum(`[9007199254740993, 1]`)", "avg(`[9007199254740993, 1]`)", "sum(`[18446744073709551615, 3]`)"]),
            self.pick(["@ == `1000000000000000000000000000000`", "max(`[1000000000000000000000000000000]`)"]),
        ])

    def damaged(self, text):
        at = self.random.randrange(len(text) + 1)
        kind = self.random.random()
        if kind < 0.4:
            return text[:at] + text[at + 1 :] or "@"
        if kind < 0.8:
            return text[:at] + self.pick(list("[]{}().,:|&!=<>*@'`\"- 1a\\é") + ["[?", "[]", "&&", "||"]) + text[at:]
        return text + self.pick([")", "]", "}", " a", ".", "[", "|", " ==", "'"])
