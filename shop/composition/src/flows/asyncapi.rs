//! The flows as an AsyncAPI 3.0 document: a channel for each queue, topic and feed, with who sends and who receives there.
//! Calls to the outside are no messages and stand in the drawing alone.

use std::collections::BTreeMap;

use contracts::vocabulary::{Vocabulary, Word};
use serde_json::{Map, Value, json};

use super::{Flow, FlowKind, Flows};

const DESCRIPTION: &str = "Services that share nothing but messages. A command goes to the queue of the one service that handles it; an \
                           event to the topic named after it, whose subscriptions forward into the queues of those who care; a feed is \
                           kept by its service and polled over HTTP. Messages are CloudEvents 1.0 in binary mode: the attributes are \
                           headers, the payload is the data. Delivery is at least once; a receiver knows a repeated id.";

/// The document.
pub(super) fn document(flows: &Flows, vocabulary: &Vocabulary) -> Value {
    let words: BTreeMap<&str, &Word> = vocabulary.words.iter().map(|word| (word.name, word)).collect();
    let messages: Vec<&Flow> = flows.flows.iter().filter(|flow| flow.kind != FlowKind::Call).collect();
    let described = messages.iter().filter_map(|flow| Some((flow.name.to_owned(), message(flow, words.get(flow.name)?))));
    let mut schemas: Map<String, Value> =
        vocabulary.schemas.iter().map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap_or_default())).collect();
    schemas.insert("CloudEvent".to_owned(), cloud_event());
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "GloboTicket", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION },
        "defaultContentType": "application/json",
        "channels": channels(&messages),
        "operations": operations(&messages),
        "components": { "messages": described.collect::<Map<_, _>>(), "schemas": schemas },
    })
}

/// Where it travels, as a name in the document.
fn channel(flow: &Flow) -> String {
    match flow.kind {
        FlowKind::Command => flow.to.first().copied().unwrap_or_default().to_owned(),
        FlowKind::Feed => format!("{}.{}", flow.from.first().copied().unwrap_or_default(), flow.name),
        FlowKind::Event | FlowKind::Call => flow.name.to_owned(),
    }
}

fn channels(flows: &[&Flow]) -> Map<String, Value> {
    let mut channels = Map::new();
    for flow in flows {
        let name = channel(flow);
        let (address, description) = match flow.kind {
            FlowKind::Command => (name.clone(), format!("The queue of {name}: commands to it.")),
            FlowKind::Feed => {
                let keeper = flow.from.first().copied().unwrap_or_default();
                (format!("/api/{keeper}/feeds/{}", flow.name), format!("The stored feed of {keeper}: polled, from any place in it."))
            }
            FlowKind::Event | FlowKind::Call => (name.clone(), "A topic: everyone who subscribes is told.".to_owned()),
        };
        let entry = channels.entry(name).or_insert_with(|| json!({ "address": address, "description": description, "messages": {} }));
        entry["messages"][flow.name] = json!({ "$ref": format!("#/components/messages/{}", flow.name) });
    }
    channels
}

/// What each service sends to a channel and receives from it, as one operation each.
fn operations(flows: &[&Flow]) -> Map<String, Value> {
    let mut operations = Map::new();
    for flow in flows {
        for (action, services) in [("send", &flow.from), ("receive", &flow.to)] {
            for service in services {
                let channel = channel(flow);
                let operation = operations.entry(format!("{service}.{action}.{channel}")).or_insert_with(|| {
                    let channel = json!({ "$ref": format!("#/channels/{channel}") });
                    json!({ "action": action, "channel": channel, "tags": [{ "name": service }], "messages": [] })
                });
                if let Some(messages) = operation["messages"].as_array_mut() {
                    messages.push(json!({ "$ref": format!("#/channels/{channel}/messages/{}", flow.name) }));
                }
            }
        }
    }
    operations
}

fn message(flow: &Flow, word: &Word) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", word.schema) });
    let mut message = json!({ "name": flow.name, "title": flow.short_name(), "contentType": "application/json" });
    if flow.kind == FlowKind::Feed {
        message["summary"] = json!(format!("An entry of the feed, version {}.", word.version));
        message["payload"] = entry(&schema);
    } else {
        message["summary"] = json!(format!("A {}, version {}.", flow.kind.as_str(), word.version).replace("A event", "An event"));
        let names = json!({ "type": { "const": flow.name }, "dataschema": { "const": format!("{}/v{}", flow.name, word.version) } });
        message["headers"] = json!({ "allOf": [{ "$ref": "#/components/schemas/CloudEvent" }, { "type": "object", "properties": names }] });
        message["payload"] = schema;
    }
    message
}

/// An entry of a feed, as a page lists it.
fn entry(data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["cursor", "time", "version", "data"],
        "properties": {
            "cursor": { "type": "string", "description": "Its place: reading after it gives the next." },
            "time": { "type": "string", "format": "date-time", "description": "When it was told." },
            "version": { "type": "integer", "description": "The version of its shape." },
            "data": data,
        },
    })
}

/// The headers of a message: attributes of CloudEvents 1.0, its documented extensions, and ours.
fn cloud_event() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let moment = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    json!({
        "type": "object",
        "description": "The attributes of a message.",
        "required": ["specversion", "datacontenttype", "id", "source", "type", "dataschema", "time", "correlationid", "conversationid"],
        "properties": {
            "specversion": { "const": "1.0" },
            "datacontenttype": { "const": "application/json" },
            "id": text("A UUID: the same on every delivery."),
            "source": text("Who sends it: a slash and the service's name."),
            "type": text("The message's name."),
            "dataschema": text("The message's name, a slash, v and its version."),
            "time": moment("When it was made."),
            "subject": text("The id that it is about."),
            "correlationid": text("What the sender of the first message knows the whole story by."),
            "conversationid": text("The whole story that it belongs to."),
            "causationid": text("The id of the message that caused it."),
            "traceparent": text("As in W3C Trace Context."),
            "expirytime": moment("From then on it is not handled any more."),
            "partitionkey": text("What it is kept in one partition with."),
        },
    })
}
