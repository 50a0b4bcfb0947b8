//! Reading: pages in every style, changed-since, batches, look-ups, the change feed.

use serde_json::{Value, json};
use tandem_sandbox::{Deletes, Paging};

use crate::shop::{Answer, Shop, object};

/// The address of the next page, as a client of that style would find it.
fn next(paging: Paging, page: u64, answer: &Answer) -> Option<String> {
    match paging {
        Paging::None => None,
        Paging::Offset => answer.body["has_more"]
            .as_bool()
            .unwrap()
            .then(|| format!("/customers?limit=10&offset={}", page * 10)),
        Paging::Page => answer.body["has_more"]
            .as_bool()
            .unwrap()
            .then(|| format!("/customers?limit=10&page={}", page + 1)),
        Paging::CursorBody => answer.body["next_cursor"]
            .as_str()
            .map(|c| format!("/customers?limit=10&cursor={c}")),
        Paging::CursorLink => answer.header("link").map(|link| {
            let url = link
                .strip_prefix('<')
                .and_then(|l| l.strip_suffix(">; rel=\"next\""))
                .unwrap();
            url.to_owned()
        }),
        Paging::CursorNextPage => answer.header("next-page").map(str::to_owned),
    }
}

#[tokio::test]
async fn every_paging_style_shows_each_record_once() {
    for (paging, pages) in [
        (Paging::None, 1),
        (Paging::Offset, 3),
        (Paging::Page, 3),
        (Paging::CursorBody, 3),
        (Paging::CursorLink, 3),
        (Paging::CursorNextPage, 3),
    ] {
        let shop = Shop::stocked(25, |c| c.paging = paging).await;
        let first = if paging == Paging::None {
            "/customers"
        } else {
            "/customers?limit=10"
        };
        let (mut path, mut names, mut page) = (Some(first.to_owned()), Vec::new(), 0);
        while let Some(url) = path {
            let answer = shop.get(&url).await;
            assert_eq!(answer.status, 200, "{paging:?} {url}");
            page += 1;
            names.extend(answer.column("name"));
            path = next(paging, page, &answer);
        }
        assert_eq!(page, pages, "{paging:?}");
        assert_eq!(
            names,
            (1..=25).map(|i| format!("c{i}")).collect::<Vec<_>>(),
            "{paging:?}"
        );
    }
}

#[tokio::test]
async fn a_full_last_page_has_no_next_one() {
    for paging in [Paging::Offset, Paging::CursorBody, Paging::CursorNextPage] {
        let shop = Shop::stocked(10, |c| c.paging = paging).await;
        assert_eq!(
            next(paging, 1, &shop.get("/customers?limit=10").await),
            None,
            "{paging:?}"
        );
    }
}

#[tokio::test]
async fn pages_hold_at_most_100() {
    let shop = Shop::stocked(120, |_| {}).await;
    for (query, rows) in [
        ("", 100),
        ("?limit=1000", 100),
        ("?limit=100", 100),
        ("?limit=7", 7),
        ("?limit=0", 1),
    ] {
        assert_eq!(
            shop.get(&format!("/customers{query}"))
                .await
                .column("id")
                .len(),
            rows,
            "{query}"
        );
    }
}

#[tokio::test]
async fn deep_offsets_stay_right_while_records_come_and_go() {
    let shop = Shop::stocked(300, |c| c.paging = Paging::Offset).await;
    for offset in [0, 100, 200, 100, 250] {
        let names = shop
            .get(&format!("/customers?offset={offset}&limit=50"))
            .await
            .column("name");
        assert_eq!(names.first().unwrap(), &format!("c{}", offset + 1));
    }
    shop.delete("/customers/cus-0000001").await;
    let after = shop.get("/customers?offset=200&limit=50").await;
    assert_eq!(after.column("name").first().unwrap(), "c202");
    assert_eq!(after.body["total"], 299);
}

#[tokio::test]
async fn changed_since_is_inclusive_and_ordered_by_time_then_id() {
    let shop = Shop::stocked(5, |_| {}).await;
    shop.patch("/customers/cus-0000002", json!({ "name": "late" }))
        .await;
    shop.patch(
        "/customers/cus-0000001",
        json!({ "name": "later, same time" }),
    )
    .await;
    let cases = [
        (
            "2026-03-01T10:00:03.000Z",
            vec!["c4", "c5", "later, same time", "late"],
        ),
        (
            "2026-03-01T11:00:04%2B01:00",
            vec!["c5", "later, same time", "late"],
        ),
        ("2026-03-01T10:00:05Z", vec!["later, same time", "late"]),
        ("2026-03-01T10:00:05.001Z", vec![]),
    ];
    for (since, names) in cases {
        assert_eq!(
            shop.get(&format!("/customers?updated_since={since}"))
                .await
                .column("name"),
            names,
            "{since}"
        );
    }
    let first = shop
        .get("/customers?updated_since=2026-03-01T10:00:03Z&limit=3")
        .await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = shop
        .get(&format!(
            "/customers?updated_since=2026-03-01T10:00:03Z&limit=3&cursor={cursor}"
        ))
        .await;
    assert_eq!(second.column("name"), ["late"]);
    assert_eq!(second.body["next_cursor"], Value::Null);
}

#[tokio::test]
async fn batches_and_look_ups_find_what_is_there() {
    let shop = Shop::stocked(5, |c| c.collections[0].indexed.push("name".into())).await;
    shop.patch("/customers/cus-0000005", json!({ "n": 7, "other": "x" }))
        .await;
    for (query, ids) in [
        (
            "ids=cus-0000003,nobody,cus-0000001",
            vec!["cus-0000003", "cus-0000001"],
        ),
        ("ids=", vec![]),
        ("name=c2", vec!["cus-0000002"]),
        ("name=C2", vec![]),
        ("other=x", vec!["cus-0000005"]),
        ("n=7&name=c5", vec!["cus-0000005"]),
        ("n=7&name=c4", vec![]),
    ] {
        let answer = shop.get(&format!("/customers?{query}")).await;
        assert_eq!(answer.column("id"), ids, "{query}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let shop = Shop::open(|c| {
        c.updated_since = false;
        c.batch_get = false;
        c.lookup = false;
        c.change_feed = false;
        c.bulk = false;
    })
    .await;
    for (path, status, code) in [
        (
            "/customers?updated_since=2026-03-01T10:00:00Z",
            400,
            "unknown_parameter",
        ),
        ("/customers?ids=a", 400, "unknown_parameter"),
        ("/customers?email=x", 400, "unknown_parameter"),
        ("/customers?offset=3", 400, "unknown_parameter"),
        ("/customers?limit=many", 400, "bad_parameter"),
        ("/customers?cursor=zzz", 400, "bad_parameter"),
        ("/customers/changes", 404, "not_found"),
        ("/customers/nobody", 404, "not_found"),
        ("/orders", 404, "no_collection"),
        ("/orders/1", 404, "no_collection"),
    ] {
        let answer = shop.get(path).await;
        assert_eq!(
            (answer.status, answer.body["error"]["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
    }
    assert_eq!(shop.post("/customers/bulk", json!([])).await.status, 405);
}

#[tokio::test]
async fn the_change_feed_shows_each_change_once_in_its_latest_state() {
    let shop = Shop::stocked(3, |_| {}).await;
    let all = shop.get("/customers/changes").await;
    assert_eq!(all.column("name"), ["c1", "c2", "c3"]);
    assert_eq!(all.body["more"], false);
    let seen = all.body["next"].as_u64().unwrap();

    let idle = shop.get(&format!("/customers/changes?since={seen}")).await;
    assert_eq!(
        idle.body,
        json!({ "data": [], "next": seen, "more": false })
    );

    shop.patch("/customers/cus-0000001", json!({ "name": "x" }))
        .await;
    shop.delete("/customers/cus-0000002").await;
    shop.patch("/customers/cus-0000001", json!({ "name": "y" }))
        .await;
    let news = shop.get(&format!("/customers/changes?since={seen}")).await;
    assert_eq!(news.column("id"), ["cus-0000002", "cus-0000001"]);
    assert_eq!(news.column("deleted"), ["true", "false"]);
    assert_eq!(news.body["data"][1]["name"], "y");
    assert_eq!(news.body["data"][0].get("name"), None);

    let first = shop.get("/customers/changes?limit=2").await;
    assert_eq!(
        (first.column("id").len(), &first.body["more"]),
        (2, &json!(true))
    );
    let rest = shop
        .get(&format!("/customers/changes?since={}", first.body["next"]))
        .await;
    assert_eq!(
        (rest.column("id"), &rest.body["more"]),
        (vec!["cus-0000001".to_owned()], &json!(false))
    );
    assert_eq!(shop.get("/customers").await.body["seq"], news.body["next"]);
}

#[tokio::test]
async fn flagged_deletions_stay_readable() {
    let shop = Shop::stocked(2, |c| c.deletes = Deletes::SoftFlag).await;
    let gone = shop.delete("/customers/cus-0000001").await;
    assert_eq!((gone.status, &gone.body["deleted"]), (200, &json!(true)));
    assert_eq!(
        shop.get("/customers/cus-0000001").await.body["deleted"],
        true
    );
    for (query, names) in [
        ("", vec!["c2"]),
        ("?include_deleted=true", vec!["c1", "c2"]),
        ("?updated_since=2026-03-01T10:00:02Z", vec!["c1"]),
    ] {
        assert_eq!(
            shop.get(&format!("/customers{query}")).await.column("name"),
            names,
            "{query}"
        );
    }
    let version = gone.body["version"].clone();
    assert_eq!(
        shop.delete("/customers/cus-0000001").await.body["version"],
        version,
        "deleting twice changes nothing"
    );
    let back = shop
        .patch("/customers/cus-0000001", json!({ "deleted": false }))
        .await;
    assert_eq!(back.body["deleted"], false);
    assert_eq!(shop.get("/customers").await.column("name"), ["c1", "c2"]);
}

#[tokio::test]
async fn a_listing_by_cursor_is_complete_while_records_change() {
    let shop = Shop::stocked(30, |_| {}).await;
    let (mut cursor, mut names, mut round) = (String::new(), Vec::new(), 0);
    loop {
        let page = shop.get(&format!("/customers?limit=10{cursor}")).await;
        names.extend(page.column("id"));
        let control = shop.front.control();
        control
            .edit(
                "customers",
                "cus-0000029",
                &object(json!({ "round": round })),
            )
            .unwrap();
        control
            .insert("customers", &object(json!({ "round": round })))
            .unwrap();
        round += 1;
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    names.truncate(30);
    assert_eq!(
        names,
        (1..=30).map(|i| format!("cus-{i:07}")).collect::<Vec<_>>()
    );
}
