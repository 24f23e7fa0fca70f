"""Operators and functions of the library, with behaviours changed; see amended.py."""

import json
import math

from jmespath import exceptions, functions, visitor

from values import NUMERAL, float_as_text, integer_of, is_number, same, sort_members

REFERENCE = visitor._Expression


class Interpreter(visitor.TreeInterpreter):
    def __init__(self, implementation, options):
        super().__init__(options)
        self.has = implementation.amendments.__contains__

    def visit_comparator(self, node, value):
        operator = node["value"]
        if operator in ("eq", "ne"):
            if not self.has("booleans-are-no-numbers"):
                return super().visit_comparator(node, value)
            left, right = (self.visit(child, value) for child in node["children"])
            return same(left, right) == (operator == "eq")
        if self.has("only-numbers-have-an-order"):
            left, right = (self.visit(child, value) for child in node["children"])
            return self.COMPARATOR_FUNC[operator](left, right) if is_number(left) and is_number(right) else None
        return super().visit_comparator(node, value)

    def visit_multi_select_dict(self, node, value):
        made = super().visit_multi_select_dict(node, value)
        return sort_members(made) if self.has("members-by-name") else made


class Functions(functions.Functions):
    def __init__(self, implementation):
        self.has = implementation.amendments.__contains__

    def call_function(self, name, arguments):
        if self.has("references-are-arguments"):
            arguments = self.without_references(name, arguments)
        value = super().call_function(name, arguments)
        if self.has("numbers-are-finite") and isinstance(value, float) and not math.isfinite(value):
            raise exceptions.JMESPathError("not finite")
        if self.has("numbers-as-text") and name in ("abs", "avg", "ceil", "floor", "sum") and isinstance(value, float):
            # Whole results are integers, which shows in texts alone.
            return int(value) if value.is_integer() and abs(value) <= 2**53 else value
        return value

    def without_references(self, name, arguments):
        if name == "not_null":
            return [None if isinstance(argument, REFERENCE) else argument for argument in arguments]
        signature = self.FUNCTION_TABLE.get(name, {"signature": []})["signature"]
        for argument, expected in zip(arguments, signature):
            if isinstance(argument, REFERENCE) and "expref" not in expected["types"]:
                raise exceptions.JMESPathError("a reference where a value is needed")
        return arguments

    @functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject, search):
        if isinstance(subject, str):
            if self.has("a-text-contains-texts-only") and not isinstance(search, str):
                return False
        elif self.has("booleans-are-no-numbers"):
            return any(same(element, search) for element in subject)
        return super()._func_contains(subject, search)

    @functions.signature({"types": []})
    def _func_to_number(self, argument):
        if not isinstance(argument, str) or not self.has("numerals-of-json"):
            return super()._func_to_number(argument)
        text = argument.strip(" \t\r\n")
        if not NUMERAL.fullmatch(text):
            return None
        if "." in text or "e" in text.lower():
            number = float(text)
            return number if math.isfinite(number) else None
        return integer_of(text) if self.has("numbers-of-64-bits") else int(text)

    @functions.signature({"types": []})
    def _func_to_string(self, argument):
        if isinstance(argument, str) or not (self.has("numbers-as-text") or self.has("letters-as-text")):
            return super()._func_to_string(argument)
        return self.text(argument)

    def text(self, value):
        if isinstance(value, list):
            return "[" + ",".join(map(self.text, value)) + "]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{self.text(name)}:{self.text(value[name])}" for name in value) + "}"
        if isinstance(value, float) and self.has("numbers-as-text"):
            return float_as_text(value)
        return json.dumps(value, ensure_ascii=not self.has("letters-as-text"), default=str)

    @functions.signature({"types": ["object"], "variadic": True})
    def _func_merge(self, *arguments):
        if self.has("merge-takes-objects-only") and not all(isinstance(argument, dict) for argument in arguments):
            raise exceptions.JMESPathError("not an object")
        merged = super()._func_merge(*arguments)
        return sort_members(merged) if self.has("members-by-name") else merged

    @functions.signature({"types": ["array-number"]})
    def _func_sum(self, numbers):
        if not self.has("numbers-of-64-bits"):
            return super()._func_sum(numbers)
        whole = 0
        for number in numbers:
            whole += number
            if not isinstance(number, int) or not (-(2**63) <= number < 2**63 and -(2**63) <= whole < 2**63):
                return sum(map(float, numbers))
        return whole

    @functions.signature({"types": ["array-number"]})
    def _func_avg(self, numbers):
        if numbers and self.has("numbers-of-64-bits"):
            return sum(map(float, numbers)) / len(numbers)
        return super()._func_avg(numbers)
