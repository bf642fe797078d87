//! A browser without a script: it opens pages, keeps cookies, fills forms in, and goes where it is led.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hosting::HttpClient;
use http::{Method, Request, header};

use crate::shop::TestShop;

/// A page as it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it was found in the end.
    pub(crate) url: String,
    pub(crate) text: String,
    pub(crate) headers: http::HeaderMap,
}

/// One person's browser.
pub(crate) struct Browser<'a> {
    shop: &'a TestShop,
    cookies: BTreeMap<String, String>,
}

/// A form on a page, its fields as they were drawn.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }
}

impl Page {
    pub(crate) fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The form whose action ends so.
    pub(crate) fn form(&self, action_end: &str) -> Form {
        let forms = self.text.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default());
        let found = forms.map(read_form).map(|form| Form { action: absolute(&self.url, &form.action), ..form });
        let mut found = found.filter(|form| form.action.split('?').next().unwrap_or_default().ends_with(action_end));
        found.next().unwrap_or_else(|| panic!("no form for {action_end} on {}:\n{}", self.url, self.text))
    }

    /// How large it is without its artwork.
    pub(crate) fn bytes_without_artwork(&self) -> usize {
        let artwork: usize = self.text.split("<svg").skip(1).map(|rest| rest.split("</svg>").next().unwrap_or_default().len()).sum();
        self.text.len() - artwork
    }
}

fn read_form(html: &str) -> Form {
    let action = attribute(html, "action").unwrap_or_default();
    let inputs = html.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let fields = inputs.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())));
    Form { action, fields: fields.collect() }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&lt;", "<").replace("&#60;", "<").replace("&gt;", ">").replace("&#62;", ">")
}

fn absolute(base: &str, link: &str) -> String {
    if link.starts_with("http") {
        return link.to_owned();
    }
    let mut parts = base.splitn(4, '/');
    let origin = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default).join("/");
    if link.is_empty() { base.to_owned() } else { format!("{origin}{link}") }
}

impl<'a> Browser<'a> {
    pub(crate) fn new(shop: &'a TestShop) -> Self {
        Self { shop, cookies: BTreeMap::new() }
    }

    pub(crate) fn open(&mut self, path: &str) -> Page {
        self.go(&Method::GET, format!("http://shop.test{path}"), String::new())
    }

    pub(crate) fn send(&mut self, form: &Form) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        self.go(&Method::POST, form.action.clone(), body)
    }

    /// Opens it until it says so, as the page itself would.
    pub(crate) fn until(&mut self, path: &str, says: &str) -> Page {
        let mut last = String::new();
        for _ in 0..4_000 {
            let page = self.open(path);
            if page.says(says) {
                return page;
            }
            last = page.text;
            self.shop.pause(Duration::from_millis(2));
        }
        panic!("`{path}` never said `{says}`; it says\n{last}");
    }

    fn go(&mut self, method: &Method, url: String, body: String) -> Page {
        let (mut method, mut url, mut body) = (method.clone(), url, body);
        for _ in 0..5 {
            let page = self.ask(&method, &url, body);
            let Some(next) = page.headers.get(header::LOCATION).filter(|_| page.status == 303) else { return page };
            (url, method, body) = (absolute(&url, next.to_str().unwrap()), Method::GET, String::new());
        }
        panic!("led in circles at {url}");
    }

    fn ask(&mut self, method: &Method, url: &str, body: String) -> Page {
        let host = url.split('/').nth(2).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(url).header(header::HOST, host);
        if host == "shop.test" && !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let answer = self.shop.fetch(request.body(Bytes::from(body)).unwrap());
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        self.cookies.retain(|_, value| !value.is_empty());
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        Page { status: answer.status().as_u16(), url: url.to_owned(), text, headers: answer.headers().clone() }
    }
}

impl TestShop {
    fn fetch(&self, request: Request<Bytes>) -> http::Response<Bytes> {
        self.block_on(self.network().send(request, Duration::from_secs(30))).unwrap()
    }
}
