//! One desktop notification: shown by the platform, and followed until somebody acts on it.

use notify_rust::{Notification, NotificationResponse, Timeout};

/// The button's key. The notification itself has the platform's own key, `default`.
const OPEN: &str = "open";

/// What is shown, and what a click opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The one line that is always seen.
    pub(crate) summary: String,
    /// What happened and what to do. Plain text, whatever a system put into it.
    pub(crate) body: String,
    /// The button's words.
    pub(crate) open: String,
}

/// Shows `notice`; `on_open` is called when it, or its button, is clicked. Blocks until the
/// platform has taken it; waiting for the click has a thread of its own.
///
/// # Errors
/// When there is no notification service, or it refuses.
pub(crate) fn show(
    notice: &Notice,
    on_open: impl FnOnce() + Send + 'static,
) -> Result<(), notify_rust::error::Error> {
    let body = if reads_markup() {
        escaped(&notice.body)
    } else {
        notice.body.clone()
    };
    let handle = Notification::new()
        .appname("Tandem")
        .summary(&notice.summary)
        .body(&body)
        .icon("tandem-window")
        .action("default", &notice.open)
        .action(OPEN, &notice.open)
        .timeout(Timeout::Never)
        .show()?;
    // At most one notification an hour for each configuration, so these threads are few.
    let waiting = std::thread::Builder::new().name(String::from("notification"));
    let follow = move || {
        let mut on_open = Some(on_open);
        let ended = handle.wait_for_response(move |response: &NotificationResponse| {
            let opens = match response {
                NotificationResponse::Default => true,
                NotificationResponse::Action(key) => key == OPEN,
                NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => false,
            };
            if let Some(on_open) = on_open.take().filter(|_| opens) {
                on_open();
            }
        });
        if let Err(error) = ended {
            tracing::warn!(%error, "a notification is no longer followed; open the run by hand");
        }
    };
    if let Err(error) = waiting.spawn(follow) {
        tracing::warn!(%error, "clicks on a notification are not followed");
    }
    Ok(())
}

/// Whether the service reads `<b>` and the like in bodies: then text has to be escaped.
fn reads_markup() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    return notify_rust::get_capabilities()
        .is_ok_and(|can| can.iter().any(|capability| capability == "body-markup"));
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    return false;
}

/// Text that reads as itself where markup is read.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_systems_words_stay_words() {
        let hostile = r#"<a href="https://example.org">Renew & pay</a>"#;
        assert_eq!(
            escaped(hostile),
            r#"&lt;a href="https://example.org"&gt;Renew &amp; pay&lt;/a&gt;"#
        );
    }
}
