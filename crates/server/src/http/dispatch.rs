//! Which way a request takes: straight to its endpoint, or by the router.
//!
//! Most requests go to a handful of paths without a parameter. For those the router's general
//! machinery (a boxed service and two boxed bodies a request) costs as much as authentication, so
//! they are told apart here; everything else, wrong methods and unknown paths included, is the
//! router's.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use npo_api::endpoints::{self, Endpoint};
use tower::ServiceExt as _;

use super::problem;
use super::serve::{Handler, serve};
use crate::app::App;

/// The ways that a request can take.
pub(crate) struct Dispatch {
    app: Arc<App>,
    direct: Vec<(Method, &'static Endpoint, Handler)>,
    router: Router,
}

impl Dispatch {
    /// `direct` are endpoints without a parameter in their path.
    pub(crate) fn new(
        app: Arc<App>,
        direct: Vec<(&'static Endpoint, Handler)>,
        router: Router,
    ) -> Self {
        let direct = direct.into_iter().map(|(endpoint, handler)| {
            let method = match endpoint.method {
                endpoints::Method::Get => Method::GET,
                endpoints::Method::Post => Method::POST,
                endpoints::Method::Patch => Method::PATCH,
                endpoints::Method::Delete => Method::DELETE,
            };
            (method, endpoint, handler)
        });
        Self { app, direct: direct.collect(), router }
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let path = request.uri().path();
        let direct = self
            .direct
            .iter()
            .find(|(method, endpoint, _)| endpoint.path == path && *method == *request.method());
        match direct {
            Some((_, endpoint, handler)) => {
                let request = request.map(Body::new);
                Ok(caught(serve(Arc::clone(&self.app), endpoint, *handler, request)).await)
            }
            None => self.router.clone().oneshot(request).await,
        }
    }
}

/// The answer, or that the handler panicked.
async fn caught(answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        // The future is dropped after a panic, and what handlers share is behind locks that stay
        // usable.
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(problem::panicked(panic)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_defect_and_not_the_end() {
        let response = npo_engine::block_on(caught(async { panic!("in a handler") }));
        assert_eq!(response.status(), 500);
    }
}
