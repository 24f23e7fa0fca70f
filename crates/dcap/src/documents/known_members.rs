//! Reading JSON into types that know every member of it, in one pass.
//!
//! Such a text is strict by itself: serde refuses a known member that comes twice, compared after escapes are resolved, and the
//! nesting is that of the types. A text with any other member is not read here: such a member may hold repeated members or deep
//! nesting, which only a check of the whole text finds.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// Reads a `T` whose types know every member of the text; `None` otherwise, whatever the reason.
///
/// Types that take any member (maps, `serde_json::Value`) count as ones that do not know it.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Option<T> {
    let has_unknown = Cell::new(false);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Watched { inner: &mut json, has_unknown: &has_unknown }).ok()?;
    json.end().ok()?;
    (!has_unknown.get()).then_some(value)
}

/// Passes everything on, down to the innermost value, and notes where a type does not know what it reads.
#[derive(Clone, Copy)]
struct Watched<'w, T> {
    inner: T,
    has_unknown: &'w Cell<bool>,
}

impl<'w, T> Watched<'w, T> {
    const fn watch<U>(&self, inner: U) -> Watched<'w, U> {
        Watched { inner, has_unknown: self.has_unknown }
    }
}

macro_rules! pass {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.watch(visitor);
            self.inner.$method(visitor)
        })*
    };
}

macro_rules! note {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.has_unknown.set(true);
            self.inner.$method(visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<'_, D> {
    type Error = D::Error;

    note! { deserialize_any deserialize_ignored_any deserialize_map }

    pass! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_identifier
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor);
        self.inner.deserialize_unit_struct(name, visitor)
    }

    /// A type of serde_json that takes any value has this form, too.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.has_unknown.set(true);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor);
        self.inner.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor);
        self.inner.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor);
        self.inner.deserialize_enum(name, variants, visitor)
    }
}

macro_rules! scalars {
    ($($method:ident: $value:ty,)*) => {
        $(fn $method<E: Error>(self, value: $value) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    scalars! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, visit_borrowed_str: &'de str,
        visit_string: String,
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.watch(deserializer);
        self.inner.visit_some(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        let elements = self.watch(elements);
        self.inner.visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        let members = self.watch(members);
        self.inner.visit_map(members)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let variant = self.watch(variant);
        self.inner.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Watched<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.watch(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.watch(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        // A name is text: there is nothing in it.
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.watch(seed);
        self.inner.next_value_seed(seed)
    }
}

impl<'de, 'w, A: EnumAccess<'de>> EnumAccess<'de> for Watched<'w, A> {
    type Error = A::Error;
    type Variant = Watched<'w, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let has_unknown = self.has_unknown;
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Watched { inner, has_unknown }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.watch(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.watch(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.watch(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default)]
        name: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        svn: u8,
    }

    #[test]
    fn a_text_of_known_members_is_read() {
        let read = read::<Outer>(r#" {"inner": [{"svn": 1}, {"\u0073vn": 2}], "name": "a"} "#).unwrap();
        assert_eq!(read, Outer { inner: vec![Inner { svn: 1 }, Inner { svn: 2 }], name: Some("a".to_owned()) });
    }

    #[test]
    fn a_text_with_another_member_at_any_depth_or_a_member_twice_is_not_read() {
        for text in [
            r#"{"inner": [], "more": 1}"#,
            r#"{"inner": [{"svn": 1, "more": {"a": 1, "a": 2}}]}"#,
            r#"{"inner": [{"svn": 1, "svn": 1}]}"#,
            r#"{"inner": [{"svn": 1, "\u0073vn": 1}]}"#,
            r#"{"inner": [], "inner": []}"#,
            r#"{"inner": []} x"#,
            r#"{"inner": []"#,
        ] {
            assert_eq!(read::<Outer>(text), None, "{text}");
        }
        assert_eq!(read::<serde_json::Value>("{}"), None);
        assert_eq!(read::<std::collections::BTreeMap<String, u8>>("{}"), None);
        assert!(read::<&serde_json::value::RawValue>("{}").is_none());
    }
}
