//! The sample systems as their own users see them: the storefront over its HTTP interface, the ERP
//! by SQL. Nothing of Tandem's is used to change them or to read them back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};

/// Fields of a customer that are text on both sides and named alike.
pub(crate) const FIELDS: [&str; 3] = ["phone", "street", "notes"];

/// A customer's `FIELDS`, by name.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// Where both systems are.
pub(crate) struct Systems {
    storefront: String,
    erp: PathBuf,
    client: reqwest::Client,
}

impl Systems {
    /// From the addresses that the connections show.
    pub(crate) fn at(connections: &Value) -> Self {
        let addresses: Vec<&str> = connections
            .as_array()
            .unwrap()
            .iter()
            .map(|connection| connection["address"].as_str().unwrap())
            .collect();
        let storefront = addresses
            .iter()
            .find(|it| it.starts_with("http://"))
            .unwrap();
        let erp = addresses
            .iter()
            .find(|it| !it.starts_with("http://"))
            .unwrap();
        // No TLS here, but the client wants a provider; one that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            storefront: (*storefront).to_owned(),
            erp: PathBuf::from(erp),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The id and customer number of the first customer at the storefront.
    pub(crate) async fn a_customer(&self) -> (String, String) {
        let page = self.storefront_json("/customers?limit=1").await;
        let customer = &page["data"][0];
        (text(&customer["id"]), text(&customer["customer_no"]))
    }

    /// A customer at the storefront.
    pub(crate) async fn at_storefront(&self, id: &str) -> Fields {
        let record = self.storefront_json(&format!("/customers/{id}")).await;
        FIELDS.map(|field| (field, text(&record[field]))).into()
    }

    /// A customer in the ERP.
    pub(crate) fn in_erp(&self, customer_no: &str) -> Fields {
        let columns = FIELDS.join(", ");
        let query = format!("SELECT {columns} FROM customers WHERE customer_no = ?1");
        let read = |row: &rusqlite::Row<'_>| {
            let mut fields = Fields::new();
            for (at, field) in FIELDS.iter().enumerate() {
                fields.insert(field, row.get::<_, Option<String>>(at)?.unwrap_or_default());
            }
            Ok(fields)
        };
        self.sql().query_row(&query, [customer_no], read).unwrap()
    }

    /// Somebody edits a customer at the storefront.
    pub(crate) async fn edit_storefront(&self, id: &str, fields: &Fields) {
        let address = format!("{}/customers/{id}", self.storefront);
        let answer = self
            .client
            .patch(address)
            .json(fields)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Somebody edits the same customer in the ERP.
    pub(crate) fn edit_erp(&self, customer_no: &str, fields: &Fields) {
        let sql = self.sql();
        for (field, value) in fields {
            let update = format!("UPDATE customers SET {field} = ?1 WHERE customer_no = ?2");
            assert_eq!(sql.execute(&update, [value, customer_no]).unwrap(), 1);
        }
    }

    /// From now on the storefront answers every call for these records with status 503.
    pub(crate) async fn break_storefront(&self, collection: &str) {
        let fault = json!({
            "fault": {"kind": "status", "code": 503},
            "path": format!("/{collection}"),
            "times": null,
        });
        let address = format!("{}/_control/faults", self.storefront);
        let answer = self.client.post(address).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    async fn storefront_json(&self, path: &str) -> Value {
        let address = format!("{}{path}", self.storefront);
        let answer = self.client.get(address).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    fn sql(&self) -> Connection {
        Connection::open(&self.erp).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
