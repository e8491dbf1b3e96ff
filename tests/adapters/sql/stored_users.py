"""Users in a database, written and read by the tests of its failures."""

from sqlalchemy import select, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import users
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from tests.factories import account, user

ADA, BOB = user("ada"), user("bob")


def writing_unit(database: SqlDatabase) -> SqlUnitOfWork:
    return SqlUnitOfWork(database, writing=True)


async def run_statement(uow: SqlUnitOfWork, statement: str) -> None:
    await uow._statements.execute(text(statement))


async def add_users(database: SqlDatabase, *names: str) -> None:
    async with writing_unit(database) as uow:
        for name in names:
            added = user(name.lower())
            uow.users.add(added)
            uow.accounts.add(account(added))
        await uow.commit()


async def user_names(database: SqlDatabase) -> list[str]:
    async with database.reader.connect() as connection:
        return list(await connection.scalars(select(users.c.name).order_by(users.c.name)))
