//! The page as HTML: works without script, loads nothing but its own style sheet, and may send its form only to itself
//! and from there to the shop.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::form::Wrong;
use super::link::Link;
use crate::cards;

/// A page to be sent.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    /// Where its form may lead.
    origin: Option<String>,
    html: String,
}

impl Page {
    fn new(status: StatusCode, title: &str, main: &str) -> Self {
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
             <title>{title} · Kontor card payments</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/card-entry.css\">\n</head>\n<body>\n\
             <header><p class=\"house\">Kontor <span>card payments</span></p></header>\n<main>\n{main}</main>\n\
             <footer><p>Kontor stands in for a payment company. No real card is taken here, and no real money moves.</p></footer>\n\
             </body>\n</html>\n"
        );
        Self { status, origin: None, html }
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// What the page may load and where its form may lead; browsers hold the address it is sent on to against this, too.
    fn policy(&self) -> String {
        let shop = match self.origin.as_deref() {
            None => "",
            // An address in brackets is no source that a policy can name.
            Some(origin) if origin.contains('[') => origin.split("//").next().unwrap_or_default(),
            Some(origin) => origin,
        };
        format!("default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {shop}")
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = HeaderValue::from_str(&self.policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (self.status, headers, self.html).into_response()
    }
}

/// The form, empty, below what was wrong with it before.
pub(super) fn form(link: &Link, wrong: &[Wrong]) -> Page {
    let title = if wrong.is_empty() { "Your card" } else { "Check your card" };
    let main = format!(
        "{summary}<h1>Your card</h1>\n\
         <dl class=\"due\"><dt>For</dt><dd>{what}</dd><dt>At</dt><dd>{shop}</dd><dt>Amount</dt><dd><strong>{amount}</strong></dd></dl>\n\
         <p>Nothing is charged on this page. You go back to {shop} to look at everything once more and pay.</p>\n\
         <form method=\"post\" novalidate>\n{number}\
         <fieldset><legend>Expires</legend><div class=\"row\">\n{month}{year}</div></fieldset>\n{cvc}\
         <button type=\"submit\">Use this card</button>\n</form>\n\
         <p><a class=\"back\" href=\"{back}\">Back to {shop} without a card</a></p>\n{examples}",
        summary = summary(wrong),
        what = escaped(&link.title),
        shop = escaped(link.shop()),
        amount = amount(link),
        number = field(&NUMBER, wrong),
        month = field(&MONTH, wrong),
        year = field(&YEAR, wrong),
        cvc = field(&CVC, wrong),
        back = escaped(&link.back(&[("card", "cancelled")])),
        examples = examples(),
    );
    Page { origin: Some(link.origin.clone()), ..Page::new(StatusCode::OK, title, &main) }
}

/// 403: whoever made this link, it was not the shop.
pub(super) fn not_signed() -> Page {
    let main = "<h1>This link does not work</h1>\n\
         <p>It is not as the shop has made it: a part of it may be missing, or it was changed on the way. \
         No card was taken, and nothing was charged.</p>\n\
         <p>Go back to the shop, to its checkout, and choose <em>enter card</em> there again.</p>\n";
    Page::new(StatusCode::FORBIDDEN, "This link does not work", main)
}

/// 410: the shop made this link too long ago.
pub(super) fn expired(link: &Link) -> Page {
    let main = format!(
        "<h1>This page has closed</h1>\n\
         <p>It stays open for a while only, so that nobody finds it later. No card was taken, and nothing was charged.</p>\n\
         <p>Go back to the shop and choose <em>enter card</em> there again.</p>\n\
         <p><a class=\"back\" href=\"{}\">Back to {}</a></p>\n",
        escaped(&link.back(&[("card", "cancelled")])),
        escaped(link.shop()),
    );
    Page::new(StatusCode::GONE, "This page has closed", &main)
}

/// One field of the form.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    /// The browser's name for it.
    autocomplete: &'static str,
    /// How many characters it takes, at most.
    length: u8,
}

const NUMBER: Field =
    Field { name: "number", label: "Card number", hint: "Digits; spaces do not matter.", autocomplete: "cc-number", length: 40 };
const MONTH: Field = Field { name: "exp_month", label: "Month", hint: "MM", autocomplete: "cc-exp-month", length: 2 };
const YEAR: Field = Field { name: "exp_year", label: "Year", hint: "YY or YYYY", autocomplete: "cc-exp-year", length: 4 };
const CVC: Field =
    Field { name: "cvc", label: "Security code", hint: "Three or four digits on the back.", autocomplete: "cc-csc", length: 4 };

fn field(field: &Field, wrong: &[Wrong]) -> String {
    let Field { name, label, hint, autocomplete, length } = field;
    let (error, invalid, described) = match wrong.iter().find(|wrong| wrong.field == *name) {
        Some(wrong) => (
            format!("<span class=\"error\" id=\"{name}-error\">{}</span>", wrong.words),
            " aria-invalid=\"true\"",
            format!("{name}-hint {name}-error"),
        ),
        None => (String::new(), "", format!("{name}-hint")),
    };
    format!(
        "<p class=\"field\"><label for=\"{name}\">{label}</label><span class=\"hint\" id=\"{name}-hint\">{hint}</span>{error}\
         <input id=\"{name}\" name=\"{name}\" type=\"text\" inputmode=\"numeric\" autocomplete=\"{autocomplete}\" \
         maxlength=\"{length}\" required aria-describedby=\"{described}\"{invalid}></p>\n"
    )
}

/// What was wrong, first on the page and focused.
fn summary(wrong: &[Wrong]) -> String {
    if wrong.is_empty() {
        return String::new();
    }
    let items: String = wrong.iter().map(|wrong| format!("<li><a href=\"#{}\">{}</a></li>", wrong.field, wrong.words)).collect();
    format!(
        "<section class=\"summary\" role=\"alert\" aria-labelledby=\"summary\" tabindex=\"-1\" autofocus>\n\
         <h2 id=\"summary\">The card was not taken</h2>\n<ul>{items}</ul>\n\
         <p>Nothing was charged. For your safety the fields are empty again.</p>\n</section>\n"
    )
}

fn examples() -> String {
    let rows: String =
        cards::examples().map(|(number, does)| format!("<tr><td class=\"digits\">{number}</td><td>{does}</td></tr>\n")).collect();
    format!(
        "<details>\n<summary>Test cards</summary>\n<p>These are all that is taken here, with any date to come and any code.</p>\n\
         <table>\n<thead><tr><th scope=\"col\">Number</th><th scope=\"col\">What it does</th></tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table>\n</details>\n"
    )
}

fn amount(link: &Link) -> String {
    let (whole, hundredths) = (link.amount_minor / 100, link.amount_minor % 100);
    format!("{whole}.{hundredths:02} {}", link.currency)
}

/// Text as it may stand in HTML, also in an attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
