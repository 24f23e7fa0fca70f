"""The `jmespath` library, and the same with single behaviours changed to what Veritee's JMESPath does.

Each name in REASONS is a behaviour that differs; docs/policy-language.md says why. `Implementation(set of names)` is the library
with those behaviours changed, so that a difference is explained only where changing the behaviour makes it disappear.
"""

import json

import jmespath
from jmespath import exceptions, functions, lexer, parser, visitor

from operators import Functions, Interpreter
from values import Unreadable, check_text, integer_of, sort_members, strict_constant, strict_float, strict_members

REASONS = [
    "members-by-name",
    "booleans-are-no-numbers",
    "only-numbers-have-an-order",
    "a-text-contains-texts-only",
    "merge-takes-objects-only",
    "numerals-of-json",
    "numbers-of-64-bits",
    "numbers-as-text",
    "letters-as-text",
    "numbers-are-finite",
    "functions-are-checked-when-read",
    "function-names-stand-bare",
    "references-are-arguments",
    "commas-are-needed",
    "literals-are-json",
    "bare-words-are-no-literals",
    "indexes-of-64-bits",
    "a-step-of-0-is-no-slice",
    "a-slice-has-colons",
    "a-slice-after-an-index-projects",
    "names-after-a-member-wildcard",
]

UNREADABLE = (exceptions.JMESPathError, Unreadable, ValueError, IndexError, TypeError, KeyError)


def outcome(parse, evaluate):
    """("value", JSON), or ("refused", "read" or "evaluate"). The library lets errors of Python through."""
    try:
        tree = parse()
    except UNREADABLE:
        return ("refused", "read")
    try:
        return ("value", evaluate(tree))
    except Exception:
        return ("refused", "evaluate")


def library(document, expression):
    """What the library, as it is, makes of a case."""
    return outcome(lambda: jmespath.compile(expression), lambda tree: tree.search(json.loads(document)))


class Implementation:
    """The library with some of its behaviours changed."""

    def __init__(self, amendments=frozenset()):
        self.amendments = frozenset(amendments)
        outer = self
        has = self.amendments.__contains__

        class Lexer(lexer.Lexer):
            def _consume_number(self):
                digits = super()._consume_number()
                if has("indexes-of-64-bits") and digits != "-" and not -(2**63) <= int(digits) < 2**63:
                    raise exceptions.LexerError(self._position, digits, "an index of more than 64 bits")
                return digits

            def _consume_literal(self):
                start = self._position
                text = self._consume_until("`").replace("\\`", "`")
                return {"type": "literal", "value": self.literal(text), "start": start, "end": self._position - start}

            def literal(self, text):
                try:
                    return outer.loads(text)
                except (ValueError, Unreadable) as error:
                    # The library takes what is no JSON as a text.
                    if has("bare-words-are-no-literals") or isinstance(error, Unreadable):
                        raise exceptions.LexerError(0, text, "not JSON") from error
                    return self.bare(text)

            @staticmethod
            def bare(text):
                try:
                    return json.loads('"%s"' % text.lstrip())
                except ValueError as error:
                    raise exceptions.LexerError(0, text, "Bad token") from error

            def _consume_quoted_identifier(self):
                token = super()._consume_quoted_identifier()
                if has("literals-are-json"):
                    check_text(token["value"])
                return token

        class Parser(parser.Parser):
            def parse(self, expression):
                return self._do_parse(expression)

            def _parse(self, expression):
                self._tokens = list(Lexer().tokenize(expression))
                self._index = 0
                tree = self._expression()
                if self._current_token() != "eof":
                    raise exceptions.ParseError(0, expression, "", "Unexpected token")
                outer.check(tree, False)
                return tree

            def _token_led_dot(self, left):
                if self._current_token() == "star" and has("names-after-a-member-wildcard"):
                    self._advance()
                    right = self._parse_projection_rhs(self.BINDING_POWER["star"])
                    return {"type": "value_projection", "children": [left, right]}
                return super()._token_led_dot(left)

            def _token_led_lbracket(self, left):
                is_slice = self._current_token() == "colon" or self._lookahead(1) == "colon"
                if is_slice and has("a-slice-after-an-index-projects"):
                    # The library adds it to the index before it, and forgets that it projects.
                    return self._project_if_slice(left, self._parse_index_expression())
                return super()._token_led_lbracket(left)

            def _parse_slice_expression(self):
                kinds = [token["type"] for token in self._tokens[self._index : self._index + 6]]
                if has("a-slice-has-colons") and ("number", "number") in zip(kinds, kinds[1:]):
                    end = kinds.index("rbracket") if "rbracket" in kinds else len(kinds)
                    if ("number", "number") in zip(kinds[:end], kinds[1:end]):
                        raise exceptions.ParseError(0, "", "number", "two numbers without a colon")
                return super()._parse_slice_expression()

            def _token_led_lparen(self, left):
                if has("function-names-stand-bare") and self._lookahead(-2) != "unquoted_identifier":
                    raise exceptions.ParseError(0, "(", "lparen", "not the name of a function")
                if has("commas-are-needed"):
                    self.check_commas("rparen", 0)
                return super()._token_led_lparen(left)

            def _parse_multi_select_hash(self):
                if has("commas-are-needed"):
                    self.check_commas("rbrace", 2)
                return super()._parse_multi_select_hash()

            def check_commas(self, end, skipped):
                """Goes through what follows once more: between two parts there is a comma, and none before the end."""
                start = self._index
                while self._current_token() != end:
                    self._index += skipped
                    self._expression()
                    if self._current_token() == end:
                        break
                    self._match("comma")
                    if self._current_token() == end:
                        raise exceptions.ParseError(0, ",", "comma", "a comma before the end")
                self._index = start

        self.parser = Parser

    def loads(self, text):
        arguments = {}
        if "numbers-of-64-bits" in self.amendments:
            arguments["parse_int"] = integer_of
        if "literals-are-json" in self.amendments:
            arguments.update(object_pairs_hook=strict_members, parse_float=strict_float, parse_constant=strict_constant)
        value = json.loads(text, **arguments)
        if "literals-are-json" in self.amendments:
            check_text(value)
        return sort_members(value) if "members-by-name" in self.amendments else value

    def check(self, node, is_argument):
        """What is wrong with a tree before it is put to anything."""
        kind = node["type"]
        if kind == "expref" and not is_argument and "references-are-arguments" in self.amendments:
            raise exceptions.ParseError(0, "&", "expref", "not an argument of a function")
        if kind == "function_expression" and "functions-are-checked-when-read" in self.amendments:
            known = functions.Functions.FUNCTION_TABLE.get(node["value"])
            if known is None:
                raise exceptions.UnknownFunctionError(node["value"])
            signature, count = known["signature"], len(node["children"])
            if count < len(signature) or count > len(signature) and not signature[-1].get("variadic"):
                raise exceptions.ArityError(len(signature), count, node["value"])
        if kind == "slice":
            if node["children"][2] == 0 and "a-step-of-0-is-no-slice" in self.amendments:
                raise exceptions.ParseError(0, "0", "number", "a step of 0")
            return
        for child in node.get("children", []):
            self.check(child, kind == "function_expression")

    def outcome(self, document, expression):
        interpreter = Interpreter(self, visitor.Options(custom_functions=Functions(self)))
        evaluate = lambda tree: interpreter.visit(tree, self.loads(document))
        return outcome(lambda: self.parser().parse(expression), evaluate)
