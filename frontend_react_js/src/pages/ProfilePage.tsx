import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { put } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";
import { keys, usePerson } from "../api/queries.ts";
import type { Person, Profile } from "../api/types.ts";
import { useSignedIn } from "../parts/SignedIn.tsx";
import { Avatar, Failure, LinkedText, Notice, Waiting } from "../parts/small.tsx";
import { BlockedPeople } from "./BlockedPeople.tsx";
import { Posts } from "./Posts.tsx";

export function ProfilePage({ handle }: { handle: string }) {
  const person = usePerson(handle);
  const me = useSignedIn()?.me;
  return (
    <div className="column">
      {person.isPending && <Waiting rows={4} className="post" />}
      {person.isError && <Missing error={person.error} retry={() => void person.refetch()} />}
      {person.data && (
        <>
          <Head profile={person.data.profile} />
          {person.data.profile.uuid === me?.uuid && <BlockedPeople />}
          {person.data.activities.length > 0 ? (
            <Posts posts={person.data.activities} />
          ) : (
            <Notice title="No posts yet">What {person.data.profile.display_name} posts appears here.</Notice>
          )}
        </>
      )}
    </div>
  );
}

function Missing({ error, retry }: { error: Error; retry: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) return <Failure error={error} retry={retry} />;
  return <Notice title="Nobody is called that">There is nobody with this handle.</Notice>;
}

function Head({ profile }: { profile: Profile }) {
  const me = useSignedIn()?.me;
  const [isEditing, setEditing] = useState(false);
  const isMine = me?.uuid === profile.uuid;
  if (isEditing) return <Edit profile={profile} done={() => setEditing(false)} />;
  return (
    <header className="profile">
      <Avatar name={profile.display_name} of={profile.handle} />
      <div className="profile-names">
        <h1>{profile.display_name}</h1>
        <p className="muted">
          @{profile.handle} · {profile.cruds_count} {profile.cruds_count === 1 ? "post" : "posts"}
        </p>
      </div>
      {isMine && (
        <button type="button" className="button" onClick={() => setEditing(true)}>
          Edit
        </button>
      )}
      {me && !isMine && (
        <Link className="button primary" to={`/messages/new/${profile.handle}`}>
          Message
        </Link>
      )}
      {profile.bio && (
        <p className="text bio">
          <LinkedText text={profile.bio} />
        </p>
      )}
    </header>
  );
}

function Edit({ profile, done }: { profile: Profile; done: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(profile.display_name);
  const [bio, setBio] = useState(profile.bio);
  const saving = useMutation({
    mutationFn: () => put<Person>("/api/profile/update", { display_name: name, bio }),
    onSuccess: async (me) => {
      client.setQueryData(keys.me, me);
      await client.invalidateQueries({ queryKey: keys.person(profile.handle) });
      done();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className="form profile-form" onSubmit={submit}>
      <h1>Edit your profile</h1>
      <label>
        Name
        <input value={name} maxLength={50} required onChange={(event) => setName(event.target.value)} autoFocus />
      </label>
      <label>
        About you
        <textarea rows={3} value={bio} maxLength={500} onChange={(event) => setBio(event.target.value)} />
      </label>
      {saving.error && (
        <p className="error" role="alert">
          {saving.error.message}
        </p>
      )}
      <div className="actions">
        <button type="submit" className="button primary" disabled={saving.isPending}>
          Save
        </button>
        <button type="button" className="button" onClick={done}>
          Cancel
        </button>
      </div>
    </form>
  );
}
