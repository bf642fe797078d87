//! The gateway on a real socket: a connection that is dropped ends without a byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{SECRET, TestGateway};

fn ask(gateway: &TestGateway, intent: &str) -> String {
    let router = gateway.gateway.router();
    let request = format!(
        "POST /v1/payment_intents/{intent}/confirm HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {SECRET}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::future::IntoFuture::into_future(axum::serve(listener, router));
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            answer
        };
        match hosting::race(client, server).await {
            hosting::Either::First(answer) => answer,
            hosting::Either::Second(_) => String::from("the server ended"),
        }
    })
}

#[test]
fn the_server_closes_the_connection_without_a_byte_and_the_money_is_taken() {
    let gateway = TestGateway::new();
    let (plain, dropped) = (gateway.intent("4242424242424242"), gateway.intent("4000990000000202"));
    assert!(ask(&gateway, &plain).starts_with("HTTP/1.1 200 OK"));
    assert_eq!(ask(&gateway, &dropped), "");
    assert_eq!((gateway.status(&dropped), gateway.captured()), ("succeeded".into(), 2));
}
