//! Command-line flags as Kubernetes components read them. Pure; shared by static pods and the kubelet.

/// The flags among a component's words.
///
/// Follows `github.com/spf13/pflag`: `--name=value` and `--name value`, the last one wins, `--` ends them; and the
/// components' own rule (`WordSepNormalizeFunc` in `k8s.io/component-base`) that `_` in a name means `-`. One dash is
/// as good as two, for etcd's Go flags. Two things need each flag's type, which is not known here: a flag without `=`
/// takes the next word for its value unless that looks like a flag, and one without any value reads `true`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags(Vec<(String, String)>);

impl Flags {
    /// The flags in `words`; words that belong to no flag, such as the program's name, are passed over.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut flags = Vec::new();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            let Some(flag) = name_and_value(word) else {
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value),
                None => match words.next_if(|next| name_and_value(next).is_none() && *next != "--")
                {
                    Some(value) => (flag, value),
                    None => (flag, "true"),
                },
            };
            flags.push((name.replace('_', "-"), value.to_owned()));
        }
        Self(flags)
    }

    /// The value of the last flag of that name; `name` is without dashes, such as `tls-cert-file`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rfind(|(flag, _)| flag == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of each flag of that name, in their order: for one that may be repeated.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(flag, _)| flag == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The flags that are set, each once, with the value that counts.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let last = |(place, (name, _)): &(usize, &(String, String))| {
            let later = self.0.get(place + 1..).unwrap_or_default();
            later.iter().all(|(other, _)| other != name)
        };
        let flags = self.0.iter().enumerate().filter(last);
        flags.map(|(_, (name, value))| (name.as_str(), value.as_str()))
    }
}

/// What follows the dashes of a word that is a flag; `-` and `-1` are not.
fn name_and_value(word: &str) -> Option<&str> {
    let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    flag.starts_with(|first: char| first.is_ascii_alphabetic())
        .then_some(flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_pflag_reads_them() {
        let flags = Flags::parse([
            "kube-apiserver",
            "--a=1",
            "--b",
            "2",
            "--a=3=4",
            "-c=5",
            "--d_e",
            "6",
            "--offset",
            "-1",
            "--empty=",
            "--bare",
            "--last",
            "--",
            "--after=7",
        ]);
        assert_eq!(flags.value("a"), Some("3=4"));
        assert_eq!(flags.value("b"), Some("2"));
        assert_eq!(flags.value("c"), Some("5"));
        assert_eq!(flags.value("d-e"), Some("6"));
        assert_eq!(flags.value("offset"), Some("-1"));
        assert_eq!(flags.value("empty"), Some(""));
        assert_eq!(flags.value("bare"), Some("true"));
        assert_eq!(flags.value("last"), Some("true"));
        assert_eq!(flags.value("after"), None);
        assert_eq!(flags.value("kube-apiserver"), None);
        let a: Vec<_> = flags.settings().filter(|(name, _)| *name == "a").collect();
        assert_eq!(a, [("a", "3=4")]);
    }
}
