//! A collection's templates, compiled once when the connector is set up.

use super::settings::{Changes, RestCollection};
use super::templates::{Place, Template, Templates};

/// All templates of one collection.
pub(crate) struct Compiled {
    pub(crate) templates: Templates,
    pub(crate) list_path: Template,
    pub(crate) list_query: Vec<(String, Template)>,
    pub(crate) changes_query: Vec<(String, Template)>,
    pub(crate) changes_value: Option<Template>,
    pub(crate) feed_path: Template,
    pub(crate) get_path: Option<Template>,
    pub(crate) batch_path: Option<Template>,
    pub(crate) find: Vec<FindTemplates>,
    pub(crate) create: Option<WriteTemplates>,
    pub(crate) update: Option<WriteTemplates>,
    pub(crate) delete: Option<WriteTemplates>,
    pub(crate) bulk: Option<BulkTemplates>,
}

/// Path and query of a look-up by one field.
pub(crate) struct FindTemplates {
    pub(crate) field: String,
    pub(crate) path: Template,
    pub(crate) query: Vec<(String, Template)>,
}

/// Path and body of a single write.
pub(crate) struct WriteTemplates {
    pub(crate) path: Template,
    pub(crate) body: Option<Template>,
}

/// Path and operations of a bulk write.
pub(crate) struct BulkTemplates {
    pub(crate) path: Template,
    pub(crate) create: Template,
    pub(crate) update: Template,
    pub(crate) delete: Template,
}

/// Where in the collection's settings something is wrong, and what.
type Problem = (String, String);

impl Compiled {
    pub(crate) fn new(collection: &RestCollection) -> Result<Self, Problem> {
        let mut templates = Templates::new();
        let mut add = |place, path: &str, source: &str| {
            templates
                .add(place, source)
                .map_err(|what| (path.to_owned(), what))
        };
        let list = &collection.list;
        let list_path = add(Place::Path, "list.path", &list.path)?;
        let mut list_query = Vec::new();
        for (name, value) in &list.query {
            list_query.push((name.clone(), add(Place::Query, "list.query", value)?));
        }
        let (feed, changes) = match &collection.changes {
            Some(Changes::Feed { path, query, .. }) => (path.as_str(), Some(query)),
            Some(Changes::Filter { query, .. }) => ("", Some(query)),
            None => ("", None),
        };
        let feed_path = add(Place::Path, "changes.path", feed)?;
        let mut changes_query = Vec::new();
        for (name, value) in changes.into_iter().flatten() {
            changes_query.push((name.clone(), add(Place::Query, "changes.query", value)?));
        }
        let changes_value = match &collection.changes {
            Some(Changes::Filter {
                value: Some(value), ..
            }) => Some(add(Place::Query, "changes.value", value)?),
            _ => None,
        };
        let get = collection.get.as_ref();
        let get_path = get
            .map(|get| add(Place::Path, "get.path", &get.path))
            .transpose()?;
        let batch_path = get
            .and_then(|get| get.batch.as_ref())
            .map(|batch| add(Place::Path, "get.batch.path", &batch.path))
            .transpose()?;
        let mut find = Vec::new();
        for (field, described) in &collection.find {
            let path = described.path.as_deref().unwrap_or(&list.path);
            let path = add(Place::Path, "find.path", path)?;
            let mut query = Vec::new();
            for (name, value) in &described.query {
                query.push((name.clone(), add(Place::Query, "find.query", value)?));
            }
            find.push(FindTemplates {
                field: field.clone(),
                path,
                query,
            });
        }
        let mut write = |name: &str, path: &str, body: Option<&String>| {
            Ok::<_, Problem>(WriteTemplates {
                path: add(Place::Path, &format!("{name}.path"), path)?,
                body: body
                    .map(|body| add(Place::Body, &format!("{name}.body"), body))
                    .transpose()?,
            })
        };
        let create = collection.create.as_ref();
        let create = create
            .map(|c| write("create", &c.path, c.body.as_ref()))
            .transpose()?;
        let update = collection.update.as_ref();
        let update = update
            .map(|u| write("update", &u.path, u.body.as_ref()))
            .transpose()?;
        let delete = collection.delete.as_ref();
        let delete = delete.map(|d| write("delete", &d.path, None)).transpose()?;
        let bulk = collection
            .bulk
            .as_ref()
            .map(|bulk| {
                Ok::<_, Problem>(BulkTemplates {
                    path: add(Place::Path, "bulk.path", &bulk.path)?,
                    create: add(Place::Body, "bulk.create", &bulk.create)?,
                    update: add(Place::Body, "bulk.update", &bulk.update)?,
                    delete: add(Place::Body, "bulk.delete", &bulk.delete)?,
                })
            })
            .transpose()?;
        Ok(Self {
            templates,
            list_path,
            list_query,
            changes_query,
            changes_value,
            feed_path,
            get_path,
            batch_path,
            find,
            create,
            update,
            delete,
            bulk,
        })
    }
}
