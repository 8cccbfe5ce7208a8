//! What a module says of itself that is no mistake, and yet not what somebody can have meant.

use crate::module::{FindingLevel, Module, ModuleFinding, Point, unknown_point};
use crate::screen::span;

/// What there is to say to whoever writes it or switches it on, a line for each.
pub(super) fn remarks(module: &Module) -> Vec<String> {
    let (manifest, mut said) = (&module.manifest, oddities(module));
    let own = manifest.own_timeout().unwrap_or_default();
    let points = manifest.points().filter(|point| *point != Point::Command);
    for point in points.filter(|point| own > point.limits().1) {
        let most = span(point.limits().1.as_secs());
        said.push(format!("timeout: at {point} it has no more than {most}"));
    }
    let timeless = manifest
        .jobs()
        .filter(|job| job.at.is_none() && job.every.is_none());
    said.extend(timeless.map(|job| {
        let (name, job) = (module.name(), &job.name);
        format!(
            "the job {job} has no time of its own: it runs where [job.NAME] has run = \"{name}.{job}\""
        )
    }));
    said
}

/// Those on account of which the module does less than it seems to, as long as it is on.
pub(in crate::commands) fn oddities(module: &Module) -> Vec<String> {
    let (manifest, mut said) = (&module.manifest, Vec::new());
    if module.begins_with_crlf() {
        let run = &manifest.run;
        said.push(format!(
            "the first line of {run} ends in CR LF: `sed -i 's/\\r$//' {run}`"
        ));
    }
    let unknown = manifest.unknown_points().map(unknown_point);
    said.extend(unknown.map(|why| format!("points: {why}")));
    said.extend(manifest.unknown_keys.iter().cloned());
    let tables = [
        (Point::Command, "[[command]]", manifest.commands.len()),
        (Point::Job, "[[job]]", manifest.jobs.len()),
        (Point::Page, "[[page]]", manifest.pages.len()),
        (Point::Verb, "[[verb]]", manifest.verbs.len()),
        (
            Point::Timeline,
            "[[timeline.filters]]",
            manifest.timeline.filters.len(),
        ),
        (Point::Observer, "events", manifest.events.len()),
        (
            Point::Setup,
            "data_version",
            usize::from(manifest.data_version.is_some()),
        ),
    ];
    for (point, key, count) in tables {
        let (name, has) = (point.word(), manifest.has(point));
        if count > 0 && !has {
            said.push(format!("it has {key}, but `points` has no {name:?}"));
        }
        // Without `events` an observer is told of all, and data need have no version.
        let is_needed = !matches!(point, Point::Observer | Point::Setup);
        if count == 0 && has && is_needed {
            said.push(format!("`points` has {name:?}, but it has no {key}"));
        }
    }
    for (what, name) in manifest.repeated() {
        said.push(format!(
            "it has the {what} {name} more than once; the first counts"
        ));
    }
    said.extend(
        manifest
            .unknown_events()
            .map(|why| format!("events: {why}")),
    );
    said
}

/// What a module finds odd itself, a line for each.
pub(super) fn warnings(findings: &[ModuleFinding]) -> Vec<String> {
    let warns = findings.iter().filter(|it| it.level == FindingLevel::Warn);
    let line = |it: &ModuleFinding| match &it.mend {
        Some(mend) => format!("{} ({mend})", it.what),
        None => it.what.clone(),
    };
    warns.map(line).collect()
}
