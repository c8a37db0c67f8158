//! A kubeconfig to look at: what its editor can read is read, and the same; nothing of a secret shows.

use rekindle::kubernetes::{Contexts, Kubeconfig};

/// Reads every context.
pub fn check(bytes: &[u8]) -> bool {
    let contexts = Contexts::read(bytes).map(|it| it.all);
    if let Ok(contexts) = &contexts {
        let shown = format!("{contexts:?}");
        let logins = contexts.iter().filter_map(|it| it.login.as_ref().ok());
        for token in logins.filter_map(|login| login.token.as_ref()) {
            // A short one may be anything that shows.
            assert!(token.len() < 24 || !shown.contains(token.as_str()));
        }
    }
    if let (Ok(contexts), Ok(editable)) = (&contexts, Kubeconfig::parse(bytes)) {
        let current = contexts.iter().find(|context| context.is_current);
        let login = current.unwrap().login.as_ref().unwrap();
        assert_eq!(current.unwrap().user, editable.user_name());
        assert_eq!(
            login.certificate.as_ref(),
            Some(editable.client_certificate())
        );
        assert_eq!(login.key.as_ref(), Some(editable.client_key()));
    }
    contexts.is_ok()
}
