//! A mapping ready for use: expressions compiled, constants typed, inverses at hand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::expression::Program;
use crate::field_type::FieldType;
use crate::ids::{FieldName, Side};
use crate::mapping::path::Found;
use crate::mapping::represent::{represent, unrepresent};
use crate::mapping::transform::{Step, StepProblem};
use crate::mapping::{
    FieldMapping, FieldPath, Join, MappingError, Missing, Representation, SideMapping, Split,
};
use crate::record::{CanonicalRecord, NativeFields};
use crate::value::{Value, ValueError, cut};

/// All fields, shared by clones of the mapping.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    fields: Arc<BTreeMap<FieldName, CompiledField>>,
}

#[derive(Debug)]
struct CompiledField {
    source: CompiledSide,
    target: CompiledSide,
}

/// One side of one field.
#[derive(Debug)]
pub(crate) struct CompiledSide {
    ty: FieldType,
    reader: Reader,
    steps: Vec<Step>,
    representation: Option<Representation>,
    missing: Missing,
    writable: bool,
}

#[derive(Debug)]
enum Reader {
    Path(FieldPath),
    Constant(Value),
    Join(Join),
    Expression {
        read: Program,
        write: Vec<(FieldPath, Program)>,
    },
}

/// Why one side of a field cannot work as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SideProblem {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) fix: String,
}

impl SideProblem {
    pub(crate) fn new(
        what: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            fix: fix.into(),
        }
    }
}

impl From<StepProblem> for SideProblem {
    fn from(problem: StepProblem) -> Self {
        Self::new(problem.what, problem.why, problem.fix)
    }
}

impl Compiled {
    pub(crate) fn new(fields: &BTreeMap<FieldName, FieldMapping>) -> Result<Self, MappingError> {
        let mut compiled = BTreeMap::new();
        for (name, mapping) in fields {
            let side = |side: Side| {
                let config = mapping.side(side);
                // Whether an inverse is needed depends on the direction, which `check` asks about;
                // whatever is written here is proved to read back the same, value by value.
                CompiledSide::new(name, &mapping.ty, config, false).map_err(|problem| {
                    MappingError {
                        field: name.clone(),
                        side,
                        value: "none".to_owned(),
                        why: format!("{}. {}", problem.what, problem.why),
                        fix: problem.fix,
                    }
                })
            };
            compiled.insert(
                name.clone(),
                CompiledField {
                    source: side(Side::Source)?,
                    target: side(Side::Target)?,
                },
            );
        }
        Ok(Self {
            fields: Arc::new(compiled),
        })
    }

    pub(crate) fn to_canonical(
        &self,
        side: Side,
        fields: &NativeFields,
        complete: bool,
    ) -> Result<CanonicalRecord, MappingError> {
        let mut record = Vec::with_capacity(self.fields.len());
        for (name, compiled) in self.fields.iter() {
            let value = compiled
                .side(side)
                .read(fields, complete)
                .map_err(|error| mapping_error(name, side, error))?;
            if let Some(value) = value {
                record.push((name.clone(), value));
            }
        }
        Ok(record.into_iter().collect())
    }

    pub(crate) fn to_native(
        &self,
        side: Side,
        patch: &CanonicalRecord,
        current: Option<&CanonicalRecord>,
    ) -> Result<NativeFields, MappingError> {
        let mut fields = NativeFields::new();
        for (name, value) in patch.iter() {
            let Some(compiled) = self.fields.get(name) else {
                continue;
            };
            let compiled = compiled.side(side);
            if compiled.writable {
                compiled
                    .write(value, patch, current, &mut fields)
                    .map_err(|error| mapping_error(name, side, error))?;
            }
        }
        Ok(fields)
    }
}

impl CompiledField {
    const fn side(&self, side: Side) -> &CompiledSide {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

fn mapping_error(field: &FieldName, side: Side, error: ValueError) -> MappingError {
    MappingError {
        field: field.clone(),
        side,
        value: error.what,
        why: error.why,
        fix: error.fix,
    }
}

impl CompiledSide {
    pub(crate) fn new(
        name: &FieldName,
        ty: &FieldType,
        config: &SideMapping,
        written: bool,
    ) -> Result<Self, SideProblem> {
        let ways = [
            config.path.is_some(),
            config.constant.is_some(),
            config.join.is_some(),
            config.expression.is_some(),
        ];
        if ways.into_iter().filter(|it| *it).count() > 1 {
            return Err(SideProblem::new(
                "more than one of `path`, `constant`, `join` and `expression`",
                "A field comes from one place.",
                "Keep one of them.",
            ));
        }
        let program = |source: &str| {
            Program::compile(source).map_err(|why| {
                SideProblem::new(
                    format!("the expression `{source}`"),
                    format!("It cannot be compiled: {why}."),
                    "Correct it.",
                )
            })
        };
        let reader = if let Some(path) = &config.path {
            Reader::Path(path.clone())
        } else if let Some(constant) = &config.constant {
            Reader::Constant(ty.from_wire(constant).map_err(|error| {
                SideProblem::new(
                    "the constant",
                    format!("It does not fit the field's type: {error}."),
                    format!("Write a {} there, or change the type.", ty.word()),
                )
            })?)
        } else if let Some(join) = &config.join {
            if join.paths.len() < 2 || join.separator.is_empty() {
                return Err(SideProblem::new(
                    "a `join` of less than two paths, or without a separator",
                    "There would be nothing to join, or no way to take it apart.",
                    "Write it like join = { paths = [\"first\", \"last\"], separator = \" \" }.",
                ));
            }
            Reader::Join(join.clone())
        } else if let Some(computed) = &config.expression {
            Reader::Expression {
                read: program(&computed.read)?,
                write: computed
                    .write
                    .iter()
                    .map(|(path, source)| Ok((path.clone(), program(source)?)))
                    .collect::<Result<_, SideProblem>>()?,
            }
        } else {
            Reader::Path(FieldPath::literal(name.as_str()))
        };
        let steps = config
            .transforms
            .iter()
            .map(|it| Step::new(it, ty, written))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            ty: ty.clone(),
            reader,
            steps,
            representation: config.representation,
            missing: config.missing,
            writable: config.writable(),
        })
    }

    /// Native paths that are read, by first part; for an expression the names it looks up.
    pub(crate) fn reads(&self) -> Vec<FieldPath> {
        match &self.reader {
            Reader::Path(path) => vec![path.clone()],
            Reader::Constant(_) => Vec::new(),
            Reader::Join(join) => join.paths.clone(),
            Reader::Expression { read, .. } => read
                .names()
                .iter()
                .map(|name| FieldPath::literal(name))
                .collect(),
        }
    }

    /// Native paths that are written.
    pub(crate) fn writes(&self) -> Vec<FieldPath> {
        if !self.writable {
            return Vec::new();
        }
        match &self.reader {
            Reader::Path(path) => vec![path.clone()],
            Reader::Constant(_) => Vec::new(),
            Reader::Join(join) => join.paths.clone(),
            Reader::Expression { write, .. } => {
                write.iter().map(|(path, _)| path.clone()).collect()
            }
        }
    }

    /// Whether the value goes through as it is.
    pub(crate) fn plain(&self) -> bool {
        matches!(self.reader, Reader::Path(_))
            && self.steps.is_empty()
            && self.representation.is_none()
    }

    pub(crate) fn read(
        &self,
        fields: &NativeFields,
        complete: bool,
    ) -> Result<Option<Value>, ValueError> {
        let raw: Option<Cow<'_, Value>> = match &self.reader {
            Reader::Path(path) => found(path, fields)?.map(Cow::Borrowed),
            Reader::Constant(value) => return Ok(Some(value.clone())),
            Reader::Join(join) => joined(join, fields, complete)?.map(Cow::Owned),
            Reader::Expression { read, .. } => computed(read, fields, complete)?.map(Cow::Owned),
        };
        let Some(raw) = raw else {
            return Ok((complete && self.missing == Missing::Null).then_some(Value::Null));
        };
        if self.steps.is_empty() && self.representation.is_none() {
            return self.ty.parse(&raw).map(Some);
        }
        let mut value = raw.into_owned();
        if let Some(representation) = self.representation {
            value = unrepresent(representation, value)?;
        }
        for step in &self.steps {
            value = step.read(value)?;
        }
        self.ty.parse(&value).map(Some)
    }

    pub(crate) fn write(
        &self,
        canonical: &Value,
        patch: &CanonicalRecord,
        current: Option<&CanonicalRecord>,
        out: &mut NativeFields,
    ) -> Result<(), ValueError> {
        if let (Reader::Path(path), true) = (&self.reader, self.plain()) {
            path.put(out, canonical.clone());
            return Ok(());
        }
        let mut value = canonical.clone();
        for step in self.steps.iter().rev() {
            value = step.write(value)?;
        }
        if let Some(representation) = self.representation {
            value = represent(representation, &self.ty, value)?;
        }
        let mut own = NativeFields::new();
        match &self.reader {
            Reader::Path(path) => path.put(&mut own, value),
            Reader::Constant(_) => {}
            Reader::Join(join) => split(join, &value, &mut own)?,
            Reader::Expression { write, .. } => {
                let whole = match current {
                    Some(current) => current.with(patch),
                    None => patch.clone(),
                };
                let record = Value::Object(
                    whole
                        .iter()
                        .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
                        .collect(),
                );
                for (path, program) in write {
                    let result = program
                        .value(|name| match name {
                            "value" => Some(&value),
                            "record" => Some(&record),
                            _ => None,
                        })
                        .and_then(|it| {
                            it.ok_or_else(|| {
                                format!("leaves `{}` undefined for {path}", program.source())
                            })
                        })
                        .map_err(|why| inexpressible(&value, why))?;
                    path.put(&mut own, result);
                }
            }
        }
        self.reads_back(canonical, &own)?;
        for (name, value) in own {
            lay(out, name, value);
        }
        Ok(())
    }

    /// Proves that what is about to be written would read back the same: the last line against a
    /// mapping that loses something on the way.
    fn reads_back(&self, canonical: &Value, own: &NativeFields) -> Result<(), ValueError> {
        if let Reader::Expression { read, .. } = &self.reader
            && !read.names().iter().all(|name| own.contains_key(name))
        {
            // It reads more than it writes; the rest of the native record is not at hand here.
            return Ok(());
        }
        let back = self.read(own, true)?.unwrap_or(Value::Null);
        if self.ty.same(&back, canonical) {
            return Ok(());
        }
        Err(ValueError::new(
            canonical,
            format!("would read back as {}", cut(&back.to_json_text())),
            "correct the mapping so that it can be inverted, or set read_only = true on that side",
        ))
    }
}

/// Puts a native field beside others; nested objects are laid into each other.
fn lay(out: &mut NativeFields, name: String, value: Value) {
    match (out.get_mut(&name), value) {
        (Some(Value::Object(there)), Value::Object(more)) => {
            for (name, value) in more {
                lay(there, name, value);
            }
        }
        (_, value) => {
            out.insert(name, value);
        }
    }
}

fn inexpressible(value: &Value, why: String) -> ValueError {
    ValueError::new(
        value,
        why,
        "correct the expression, or the value in its system",
    )
}

fn found<'a>(path: &FieldPath, fields: &'a NativeFields) -> Result<Option<&'a Value>, ValueError> {
    match path.find(fields) {
        Found::Value(value) => Ok(Some(value)),
        Found::Missing => Ok(None),
        Found::Blocked(value) => Err(ValueError::new(
            value,
            format!("stands where `{path}` expects an object"),
            "correct the path in the mapping",
        )),
    }
}

fn joined(join: &Join, fields: &NativeFields, complete: bool) -> Result<Option<Value>, ValueError> {
    let mut parts: Vec<&str> = Vec::with_capacity(join.paths.len());
    let (mut missing, mut null) = (0, 0);
    for path in &join.paths {
        match found(path, fields)? {
            None => missing += 1,
            Some(Value::Null) => null += 1,
            Some(Value::Text(text)) => {
                if !text.is_empty() {
                    parts.push(text);
                }
            }
            Some(other) => {
                return Err(ValueError::new(
                    other,
                    format!("at `{path}` is no text, so it cannot be joined"),
                    "join texts only, or use an expression",
                ));
            }
        }
    }
    // A partial record that lacks a part says nothing about the whole.
    if missing == join.paths.len() || (missing > 0 && !complete) {
        return Ok(None);
    }
    if missing + null == join.paths.len() {
        return Ok(Some(Value::Null));
    }
    Ok(Some(Value::Text(parts.join(&join.separator))))
}

fn split(join: &Join, value: &Value, out: &mut NativeFields) -> Result<(), ValueError> {
    let count = join.paths.len();
    let parts: Vec<Value> = match value {
        Value::Null => vec![Value::Null; count],
        Value::Text(text) => {
            let mut parts: Vec<&str> = match join.split {
                Some(Split::Last) => {
                    let mut parts: Vec<&str> = text.rsplitn(count, &join.separator).collect();
                    parts.reverse();
                    parts
                }
                Some(Split::First) | None => text.splitn(count, &join.separator).collect(),
            };
            parts.resize(count, "");
            parts
                .into_iter()
                .map(|part| Value::Text(part.to_owned()))
                .collect()
        }
        other => {
            return Err(ValueError::new(
                other,
                "is no text, so it cannot be split",
                "declare the field a text",
            ));
        }
    };
    for (path, part) in join.paths.iter().zip(parts) {
        path.put(out, part);
    }
    Ok(())
}

fn computed(
    read: &Program,
    fields: &NativeFields,
    complete: bool,
) -> Result<Option<Value>, ValueError> {
    let null = Value::Null;
    let missing = read.names().iter().any(|name| !fields.contains_key(name));
    if missing && !complete {
        return Ok(None);
    }
    read.value(|name| Some(fields.get(name).unwrap_or(&null)))
        .map_err(|why| inexpressible(&null, why))
}
