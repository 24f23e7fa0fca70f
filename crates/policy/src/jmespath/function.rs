//! The names of JMESPath's functions, and of `equals_ignore_case`.

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:expr, $usage:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function { $($variant,)* }

        impl Function {
            pub(super) const ALL: [Self; [$($least),*].len()] = [$(Self::$variant),*];

            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(super) const fn usage(self) -> &'static str {
                match self { $(Self::$variant => $usage,)* }
            }

            /// Whether it takes that many arguments.
            pub(super) const fn takes(self, count: usize) -> bool {
                match self { $(Self::$variant => $least <= count && count <= $most,)* }
            }
        }
    };
}

functions! {
    Abs "abs" 1 1, "abs(number)";
    Avg "avg" 1 1, "avg(numbers)";
    Ceil "ceil" 1 1, "ceil(number)";
    Contains "contains" 2 2, "contains(array_or_string, value)";
    EndsWith "ends_with" 2 2, "ends_with(string, suffix)";
    EqualsIgnoreCase "equals_ignore_case" 2 2, "equals_ignore_case(string, string)";
    Floor "floor" 1 1, "floor(number)";
    Join "join" 2 2, "join(separator, strings)";
    Keys "keys" 1 1, "keys(object)";
    Length "length" 1 1, "length(string_array_or_object)";
    Map "map" 2 2, "map(&expression, array)";
    Max "max" 1 1, "max(numbers_or_strings)";
    MaxBy "max_by" 2 2, "max_by(array, &expression)";
    Merge "merge" 1 usize::MAX, "merge(object, …)";
    Min "min" 1 1, "min(numbers_or_strings)";
    MinBy "min_by" 2 2, "min_by(array, &expression)";
    NotNull "not_null" 1 usize::MAX, "not_null(value, …)";
    Reverse "reverse" 1 1, "reverse(string_or_array)";
    Sort "sort" 1 1, "sort(numbers_or_strings)";
    SortBy "sort_by" 2 2, "sort_by(array, &expression)";
    StartsWith "starts_with" 2 2, "starts_with(string, prefix)";
    Sum "sum" 1 1, "sum(numbers)";
    ToArray "to_array" 1 1, "to_array(value)";
    ToNumber "to_number" 1 1, "to_number(value)";
    ToString "to_string" 1 1, "to_string(value)";
    Type "type" 1 1, "type(value)";
    Values "values" 1 1, "values(object)";
}

impl Function {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.as_str() == name)
    }

    /// Whether its result is a number, or an error.
    pub(super) const fn gives_number(self) -> bool {
        matches!(self, Self::Abs | Self::Ceil | Self::Floor | Self::Length | Self::Sum)
    }
}
